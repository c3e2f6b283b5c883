import { openRedis } from "../../databases/redis/connection.ts";
import type { RecordQuery, RecordStore, RunRecord, RunStart } from "../../contract/run-record.ts";
import type { Env } from "../../contract/env.ts";
import type { SharedRecords } from "./shared-records.ts";

/** Records by id of the run; ids by start, one sorted set a job; the highest fence of each job and slot. */
interface Keys {
  readonly records: string;
  readonly open: string;
  readonly jobs: string;
  readonly fences: string;
  readonly ofJob: (job: string) => string;
}

/** So many records are read at once while looking for those that are asked for. */
const CHUNK = 200;

/**
 * Keys: records, open, jobs, fences, of job. Arguments: run id, record, slot, fence, start in ms, job.
 */
const BEGIN = `
  if redis.call('HSETNX', KEYS[1], ARGV[1], ARGV[2]) == 0 then return 0 end
  redis.call('SADD', KEYS[2], ARGV[1])
  redis.call('SADD', KEYS[3], ARGV[6])
  redis.call('ZADD', KEYS[5], ARGV[5], ARGV[1])
  local seen = tonumber(redis.call('HGET', KEYS[4], ARGV[3]) or '0')
  if tonumber(ARGV[4]) > seen then redis.call('HSET', KEYS[4], ARGV[3], ARGV[4]) end
  return 1`;

/**
 * As above, and how many records of the job are kept. The fence is looked at where the record is
 * written, so that nothing comes between.
 */
const FINISH = `
  local seen = tonumber(redis.call('HGET', KEYS[4], ARGV[3]) or '0')
  if seen > tonumber(ARGV[4]) then return 0 end
  redis.call('HSET', KEYS[4], ARGV[3], ARGV[4])
  redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
  redis.call('SREM', KEYS[2], ARGV[1])
  redis.call('SADD', KEYS[3], ARGV[6])
  redis.call('ZADD', KEYS[5], ARGV[5], ARGV[1])
  local old = redis.call('ZRANGE', KEYS[5], 0, -1 - tonumber(ARGV[7]))
  for _, id in ipairs(old) do
    local record = redis.call('HGET', KEYS[1], id)
    if record then
      local run = cjson.decode(record)
      local slot = run.job .. ' ' .. run.scheduledFor
      if redis.call('HGET', KEYS[4], slot) == string.format('%.0f', run.fence) then
        redis.call('HDEL', KEYS[4], slot)
      end
    end
    redis.call('HDEL', KEYS[1], id)
    redis.call('SREM', KEYS[2], id)
    redis.call('ZREM', KEYS[5], id)
  end
  return 1`;

/** Run records in a Redis that the app has anyway. */
export async function openRedisRecords(
  urlEnv: string,
  env: Env,
  { namespace, keepRecords }: SharedRecords,
): Promise<RecordStore> {
  const keys = keysOf(namespace);
  const connection = await openRedis(urlEnv, env);
  const evaluate = (verb: string, script: string, values: readonly string[]) =>
    connection.use(verb, (redis) => redis.eval(script, 5, ...values));
  const recordsBy = async <T extends RunStart>(ids: readonly string[]): Promise<T[]> => {
    if (ids.length === 0) return [];
    const texts = await connection.use("read run records", (redis) =>
      redis.hmget(keys.records, ...ids),
    );
    // What we stored ourselves is believed to have its shape.
    return texts.flatMap((text) => (text === null ? [] : [JSON.parse(text) as T]));
  };
  const idsOf = async ({ job, since }: RecordQuery): Promise<string[]> => {
    const jobs = job === undefined ? await readJobs() : [job];
    const from = since === undefined ? "-inf" : `(${Date.parse(since)}`;
    const lists = await Promise.all(
      jobs.map((each) =>
        connection.use("read run records", (redis) =>
          redis.zrange(keys.ofJob(each), "+inf", from, "BYSCORE", "REV", "WITHSCORES"),
        ),
      ),
    );
    return lists
      .flatMap(pairs)
      .toSorted(newestFirst)
      .map(([id]) => id);
  };
  const readJobs = () => connection.use("read run records", (redis) => redis.smembers(keys.jobs));
  return {
    begin: async (run) =>
      void (await evaluate("note the start of a run", BEGIN, scriptValues(keys, run))),
    finish: async (record) => {
      const all = [...scriptValues(keys, record), String(keepRecords)];
      return (await evaluate("store a run record", FINISH, all)) === 1;
    },
    list: async (query) => {
      const ids = await idsOf(query);
      const found: RunRecord[] = [];
      for (let at = 0; at < ids.length && found.length < query.limit; at += CHUNK) {
        const records = await recordsBy<RunRecord>(ids.slice(at, at + CHUNK));
        found.push(...records.filter((it) => isAskedFor(it, query)));
      }
      return found.slice(0, query.limit);
    },
    unfinished: async () => {
      const ids = await connection.use("read unfinished runs", (redis) =>
        redis.smembers(keys.open),
      );
      const runs = await recordsBy<RunStart>(ids);
      return runs.toSorted((a, b) => Date.parse(a.startedAt) - Date.parse(b.startedAt));
    },
    close: () => connection.close(),
  };
}

function keysOf(namespace: string): Keys {
  const base = `opspec:runs:${namespace}`;
  return {
    records: base,
    open: `${base}:open`,
    jobs: `${base}:jobs`,
    fences: `${base}:fences`,
    ofJob: (job) => `${base}:of:${job}`,
  };
}

/** The keys and the arguments of both scripts. */
function scriptValues(keys: Keys, run: RunStart): string[] {
  const { job, runId, scheduledFor, fence } = run;
  const names = [keys.records, keys.open, keys.jobs, keys.fences, keys.ofJob(job)];
  const startMs = Date.parse(run.startedAt);
  const slot = `${job} ${scheduledFor}`;
  return [...names, runId, JSON.stringify(run), slot, String(fence), String(startMs), job];
}

function pairs(flat: readonly string[]): [id: string, startMs: number][] {
  return flat.flatMap((id, at) => (at % 2 === 0 ? [[id, Number(flat[at + 1])]] : []));
}

function newestFirst(a: [string, number], b: [string, number]): number {
  return b[1] - a[1] || (a[0] < b[0] ? -1 : 1);
}

/** A run without a status has begun only. */
function isAskedFor(record: Partial<RunRecord>, { status }: RecordQuery): boolean {
  return record.status !== undefined && (status === undefined || record.status === status);
}
