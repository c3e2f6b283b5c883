/** Why a run must end before its work is done. */
export type AbortCause = "deadline" | "stopped" | "replaced" | "lease-lost";

const WORDS: Readonly<Record<AbortCause, string>> = {
  deadline: "it took longer than its deadline",
  stopped: "its process was asked to stop",
  replaced: "a newer run replaced it",
  "lease-lost": "its lease was lost, so somebody else may run it",
};

/** The reason with which a run's signal is aborted. */
export class RunAbort extends Error {
  override readonly name = "RunAbort";
  override readonly cause: AbortCause;

  constructor(cause: AbortCause) {
    super(WORDS[cause]);
    this.cause = cause;
  }
}

/** A signal that says that a lease was lost, whatever the lease's own signal says. */
export function abortedByLoss(lost: AbortSignal): AbortSignal {
  const controller = new AbortController();
  const abort = (): void => controller.abort(new RunAbort("lease-lost"));
  if (lost.aborted) abort();
  else lost.addEventListener("abort", abort, { once: true });
  return controller.signal;
}
