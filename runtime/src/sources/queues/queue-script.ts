import { EXIT } from "../../contract/exit-code.ts";
import { type JobContext, JobFailure } from "../../jobs/definition.ts";
import { openRedis } from "../../databases/redis/connection.ts";
import { StoreError } from "../../databases/store-error.ts";

/** Lua that Redis runs as one step, and how it is called in messages. */
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

/** The variable that most apps use for it. */
export const REDIS_URL = "REDIS_URL";

/** What a script says first when a key holds something that it cannot work on. */
const OTHER_TYPE = "type";

/** Connects for the time of one job; a Redis that is away is a temporary failure. */
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

/** Another try does not make a list of a string. */
function refuseOtherType(answer: unknown): void {
  if (!Array.isArray(answer) || answer[0] !== OTHER_TYPE) return;
  const [, key, found, wanted] = answer.map(String);
  const remedy = "Name another key, or see who writes to this one.";
  throw new JobFailure(`${key}: the key holds a ${found}, not a ${wanted}. ${remedy}`);
}

/**
 * Lua: what a script returns when a key holds something else than it needs.
 *
 * It is no error reply, because of an error only the code is told and never the text.
 */
export const REFUSE_TYPE = `
  local function other_type(key, found, wanted) return {'${OTHER_TYPE}', key, found, wanted} end`;

/** Lua: `queue_type(key)` is `none`, `list` or `stream`, or nil and what the script must return. */
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

/** The numbers that a script answered with. */
export function numbersOf(answer: unknown): readonly number[] {
  return Array.isArray(answer) ? answer.map(Number) : [Number(answer)];
}
