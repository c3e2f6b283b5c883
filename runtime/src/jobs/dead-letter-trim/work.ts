import { dryRunOutcome, type JobContext, type JobOutcome } from "../definition.ts";
import { numbersOf, QUEUE_TYPE, type QueueScript, withQueues } from "../queue-script.ts";
import { REDIS_URL } from "../../sources/queues.ts";
import { deadLetterTrimJob } from "./options.ts";

/** The app's own default of DEAD_LETTER_KEEP. */
const KEEP = 100;

/** The app's own default of JOB_DEAD_LETTER_QUEUE. */
const QUEUE = "jobs:dead";

/**
 * Keys: queue. Arguments: number of entries to keep, 1 for a dry run. Result: the length before.
 *
 * The newest entries are at the tail, where workers push. `LTRIM key 0 -1` would keep everything, so
 * the script deletes the key to keep nothing. A stream keeps its consumer groups.
 */
const TRIM: QueueScript = {
  verb: "trim the queue",
  lua: `${QUEUE_TYPE}
  local kind, refusal = queue_type(KEYS[1])
  if not kind then return refusal end
  local length = queue_length(KEYS[1], kind)
  local keep = tonumber(ARGV[1])
  if ARGV[2] == '1' or length <= keep then return length end
  if kind == 'stream' then redis.call('XTRIM', KEYS[1], 'MAXLEN', keep)
  elseif keep == 0 then redis.call('DEL', KEYS[1])
  else redis.call('LTRIM', KEYS[1], -keep, -1) end
  return length`,
};

/** Removes all but the newest entries in one atomic step. */
export async function work(context: JobContext): Promise<JobOutcome> {
  const options = deadLetterTrimJob.options.parse(context.options);
  const { queue = QUEUE, keep = KEEP, urlEnv = REDIS_URL } = options;
  const isDry = context.dryRun || options.dryRun === true;
  const answer = await withQueues(context, urlEnv, (run) =>
    run(TRIM, [queue], [keep, isDry ? 1 : 0]),
  );
  const [length = 0] = numbersOf(answer);
  const trimmed = Math.max(0, length - keep);
  const details = { queue, length, kept: length - trimmed, trimmed };
  return isDry ? dryRunOutcome(details) : { status: "ok", details };
}
