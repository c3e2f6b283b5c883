import { dryRunOutcome, type JobContext, JobFailure, type JobOutcome } from "../definition.ts";
import {
  numbersOf,
  QUEUE_TYPE,
  type QueueScript,
  type RunScript,
  withQueues,
} from "../queue-script.ts";
import { REDIS_URL } from "../../sources/queues.ts";
import { configurationError } from "../../contract/configuration-error.ts";
import { deadLetterRequeueJob } from "./options.ts";

/** Default queues; see docs/sources.md. */
const QUEUE = "jobs:dead";
const TO = "jobs";

/** Entries in one step. Redis does nothing else during a step; this many take about 1 ms. */
const STEP = 100;

/** Keys: dead entries, queue. Refuses keys of other types or of different ones. */
const SAME_TYPE = `${QUEUE_TYPE}
  local from, refusal = queue_type(KEYS[1])
  if not from then return refusal end
  local to, other = queue_type(KEYS[2])
  if not to then return other end
  if from ~= 'none' and to ~= 'none' and from ~= to then return other_type(KEYS[2], to, from) end`;

/** Result: the length of the first key. */
const LENGTH: QueueScript = {
  verb: "read the queues",
  lua: `${SAME_TYPE}
  return queue_length(KEYS[1], from)`,
};

/**
 * Arguments: maximum number of entries. Result: number of moved entries.
 *
 * An entry leaves one key and enters the other in the same step, so a run that is killed between two
 * steps loses and duplicates none. Producers push at the tail, so the order stays.
 */
const MOVE: QueueScript = {
  verb: "move entries back",
  lua: `${SAME_TYPE}
  local most = tonumber(ARGV[1])
  local moved = 0
  if from == 'none' then return 0 end
  if from == 'list' then
    while moved < most and redis.call('LMOVE', KEYS[1], KEYS[2], 'LEFT', 'RIGHT') do
      moved = moved + 1
    end
    return moved
  end
  for _, entry in ipairs(redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', most)) do
    redis.call('XADD', KEYS[2], '*', unpack(entry[2]))
    redis.call('XDEL', KEYS[1], entry[1])
    moved = moved + 1
  end
  return moved`,
};

interface Move {
  readonly queue: string;
  readonly to: string;
  readonly max: number;
}

/** Moves at most as many entries as exist at the start, so one that fails again is not moved twice. */
export async function work(context: JobContext): Promise<JobOutcome> {
  const options = deadLetterRequeueJob.options.parse(context.options);
  const input = deadLetterRequeueJob.input.parse(context.input);
  const { queue = QUEUE, to = TO, urlEnv = REDIS_URL } = options;
  if (queue === to) {
    const where = `jobs/${context.job}/options/to`;
    const remedy = "Write the queue from which they came.";
    throw configurationError(where, "is the queue with the dead entries.", remedy);
  }
  return withQueues(context, urlEnv, async (run) => {
    const [length = 0] = numbersOf(await run(LENGTH, [queue, to]));
    const max = Math.min(length, input.max ?? options.max ?? length);
    if (context.dryRun) return dryRunOutcome({ queue, to, length, wouldMove: max });
    const moved = await moveAll(run, { queue, to, max }, context.signal);
    return { status: "ok", details: { queue, to, length, moved, left: length - moved } };
  });
}

/** Entries that were moved before a failure stay moved. The failure reports their number. */
async function moveAll(
  run: RunScript,
  { queue, to, max }: Move,
  signal: AbortSignal,
): Promise<number> {
  let moved = 0;
  try {
    while (moved < max) {
      signal.throwIfAborted();
      const [some = 0] = numbersOf(await run(MOVE, [queue, to], [Math.min(STEP, max - moved)]));
      if (some === 0) return moved;
      moved += some;
    }
    return moved;
  } catch (error) {
    const known = error instanceof JobFailure ? error : undefined;
    const message = known?.message ?? "the run was ended between two steps";
    const details = { queue, to, moved };
    throw new JobFailure(message, { exitCode: known?.exitCode, details, cause: error });
  }
}
