/** The installer's first download. @see https://get.pulumi.com/install.sh */
export const DOWNLOADS_URL = "https://get.pulumi.com/install.sh";

/** Timeout of the probe. A reachable host answers in well under 1 s. */
const PROBE_LIMIT_MS = 5_000;

/** The archive is about 150 MB: 10 minutes is 250 kB/s. */
const INSTALL_LIMIT_MS = 10 * 60_000;

/**
 * Whether Pulumi's downloads can be reached; if not, the reason.
 *
 * The installer itself waits 120 s on a network that drops packets, so a probe runs first.
 */
export async function probeDownloads(
  url: string,
  limitMs = PROBE_LIMIT_MS,
): Promise<string | undefined> {
  try {
    const answer = await fetch(url, { method: "HEAD", signal: AbortSignal.timeout(limitMs) });
    return answer.ok ? undefined : `${new URL(url).host} answered HTTP ${answer.status}`;
  } catch (error) {
    if (error instanceof DOMException && error.name === "TimeoutError") {
      return `${new URL(url).host} did not answer within ${limitMs / 1000} s`;
    }
    return `${new URL(url).host} cannot be reached (${renderCause(error)})`;
  }
}

/** Runs Pulumi's own installer into a directory, with the version of the SDK. */
export async function installEngine(root: string): Promise<void> {
  const { PulumiCommand } = await import("@pulumi/pulumi/automation/index.js");
  const limit = AbortSignal.timeout(INSTALL_LIMIT_MS);
  const late = new Promise<never>((_, reject) => {
    limit.addEventListener("abort", () => {
      reject(new Error(`it took longer than ${INSTALL_LIMIT_MS / 60_000} minutes`));
    });
  });
  await Promise.race([PulumiCommand.install({ root }), late]);
}

function renderCause(error: unknown): string {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  return cause instanceof Error ? cause.message : String(cause);
}
