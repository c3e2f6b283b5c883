import { EXIT } from "../contract/exit-code.ts";
import { type JobContext, JobFailure } from "./definition.ts";
import { openRedis } from "../databases/redis.ts";
import { StoreError } from "../databases/sql-database.ts";

/** Lua that Redis runs atomically, and its name in messages. */
export interface QueueScript {
  readonly verb: string;
  readonly lua: string;
}

/** Runs scripts on the queues of one Redis. */
export type RunScript = (
  script: QueueScript,
  keys: readonly string[],
  values?: readonly (string | number)[],
) => Promise<unknown>;

/** First value of a script's answer when a key has the wrong type. */
const OTHER_TYPE = "type";

/** Connects for one job. An unreachable Redis is a temporary failure. */
export async function withQueues<T>(
  { env }: Pick<JobContext, "env">,
  urlEnv: string,
  work: (run: RunScript) => Promise<T>,
): Promise<T> {
  const connection = await openRedis(urlEnv, env);
  try {
    return await work(async ({ verb, lua }, keys, values = []) => {
      const answer = await connection
        .use(verb, (redis) => redis.eval(lua, keys.length, ...keys, ...values))
        .catch(failTemporarily);
      refuseOtherType(answer);
      return answer;
    });
  } finally {
    await connection.close();
  }
}

function failTemporarily(error: unknown): never {
  if (!(error instanceof StoreError)) throw error;
  throw new JobFailure(error.message, { exitCode: EXIT.temporary, cause: error });
}

/** Not a temporary failure: another attempt does not change the type. */
function refuseOtherType(answer: unknown): void {
  if (!Array.isArray(answer) || answer[0] !== OTHER_TYPE) return;
  const [, key, found, wanted] = answer.map(String);
  const remedy = "Use another key, or find out what writes to this one.";
  throw new JobFailure(`${key}: the key holds a ${found}, not a ${wanted}. ${remedy}`);
}

/**
 * Lua: a script's answer when a key has the wrong type.
 *
 * It is no error reply, because messages show only the code of an error and never its text.
 */
export const REFUSE_TYPE = `
  local function other_type(key, found, wanted) return {'${OTHER_TYPE}', key, found, wanted} end`;

/** Lua: `queue_type(key)` returns `none`, `list` or `stream`, or nil and the script's answer. */
export const QUEUE_TYPE = `${REFUSE_TYPE}
  local function queue_type(key)
    local found = redis.call('TYPE', key).ok
    if found == 'none' or found == 'list' or found == 'stream' then return found end
    return nil, other_type(key, found, 'list or stream')
  end
  local function queue_length(key, kind)
    if kind == 'list' then return redis.call('LLEN', key) end
    if kind == 'stream' then return redis.call('XLEN', key) end
    return 0
  end`;

/** The numbers of a script's answer. */
export function numbersOf(answer: unknown): readonly number[] {
  return Array.isArray(answer) ? answer.map(Number) : [Number(answer)];
}
