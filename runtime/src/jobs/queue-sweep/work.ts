import { dryRunOutcome, type JobContext, type JobOutcome } from "../definition.ts";
import { configurationError } from "../../contract/configuration-error.ts";
import { numbersOf, type QueueScript, REFUSE_TYPE, withQueues } from "../queue-script.ts";
import { REDIS_URL } from "../../sources/queues.ts";
import { queueSweepJob } from "./options.ts";

/** Default queue; see docs/sources.md. */
const QUEUE = "jobs";

/** The app's own default of JOB_VISIBILITY_TIMEOUT_SECONDS. */
const VISIBILITY_SECONDS = 300;

/** Maximum number of entries that one run returns, and that it claims, so that it does not block Redis for long. The next run continues. */
const STEP_MAX = 1000;

/**
 * Keys: queue, processing, claims, visibility. Arguments: seconds for an entry without a claim,
 * maximum number of entries, 1 for a dry run. Result: number of entries that were returned, claims
 * that were dropped, and entries that got a claim.
 *
 * If the entry of an expired claim is no longer in the processing list, its worker finished it, so
 * the script only deletes the claim. An entry without a claim belongs to a worker that ended between
 * taking it and writing its claim. The script writes a claim for it and returns the entry when that
 * expires. Claims beyond the maximum still cover their entries: a second claim would return an entry
 * twice. The clock is that of Redis.
 */
const SWEEP: QueueScript = {
  verb: "sweep the queue",
  lua: `${REFUSE_TYPE}
  local wanted = {'list', 'list', 'hash', 'zset'}
  for i, key in ipairs(KEYS) do
    local found = redis.call('TYPE', key).ok
    if found ~= 'none' and found ~= wanted[i] then return other_type(key, found, wanted[i]) end
  end
  local now = tonumber(redis.call('TIME')[1])
  local most = tonumber(ARGV[2])
  local is_dry = ARGV[3] == '1'
  local back, dropped, noted = 0, 0, 0
  local held = {}
  for _, entry in ipairs(redis.call('LRANGE', KEYS[2], 0, -1)) do
    held[entry] = (held[entry] or 0) + 1
  end
  local function finish(id, entry, is_held)
    if is_held then back = back + 1 else dropped = dropped + 1 end
    if is_dry then return end
    if is_held then
      redis.call('LREM', KEYS[2], -1, entry)
      redis.call('RPUSH', KEYS[1], entry)
    end
    redis.call('HDEL', KEYS[3], id)
    redis.call('ZREM', KEYS[4], id)
  end
  local due = math.min(most, redis.call('ZCOUNT', KEYS[4], '-inf', now))
  for i, id in ipairs(redis.call('ZRANGE', KEYS[4], 0, -1)) do
    local entry = redis.call('HGET', KEYS[3], id) or id
    local is_held = (held[entry] or 0) > 0
    if is_held then held[entry] = held[entry] - 1 end
    if i <= due then finish(id, entry, is_held) end
  end
  local function note(entry)
    local n = 1
    local id = 'opspec:' .. redis.sha1hex(entry) .. ':'
    while redis.call('ZSCORE', KEYS[4], id .. n) do n = n + 1 end
    redis.call('HSET', KEYS[3], id .. n, entry)
    redis.call('ZADD', KEYS[4], now + ARGV[1], id .. n)
  end
  for entry, count in pairs(held) do
    for _ = 1, math.min(count, most - noted) do
      noted = noted + 1
      if not is_dry then note(entry) end
    end
  end
  return {back, dropped, noted}`,
};

/** Returns overdue entries to their queue in one atomic step. */
export async function work(context: JobContext): Promise<JobOutcome> {
  const options = queueSweepJob.options.parse(context.options);
  const { queue = QUEUE, urlEnv = REDIS_URL, visibilitySeconds = VISIBILITY_SECONDS } = options;
  const keys = [
    queue,
    options.processing ?? `${queue}:processing`,
    options.claims ?? `${queue}:claims`,
    options.visibility ?? `${queue}:visibility`,
  ];
  refuseSameKeys(context.job, keys);
  const isDry = context.dryRun ? 1 : 0;
  const answer = await withQueues(context, urlEnv, (run) =>
    run(SWEEP, keys, [visibilitySeconds, STEP_MAX, isDry]),
  );
  const [requeued = 0, finished = 0, unclaimed = 0] = numbersOf(answer);
  const details = { queue, requeued, finished, unclaimed };
  return context.dryRun ? dryRunOutcome(details) : { status: "ok", details };
}

/** Checked first, because a script that fails half-way has already written. */
function refuseSameKeys(job: string, keys: readonly string[]): void {
  const twice = keys.find((key, at) => keys.indexOf(key) !== at);
  if (twice === undefined) return;
  const message = `use the key "${twice}" twice.`;
  const remedy = "Use different keys for queue, processing, claims and visibility.";
  throw configurationError(`jobs/${job}/options`, message, remedy);
}
