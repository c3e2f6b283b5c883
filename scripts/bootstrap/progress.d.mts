export function startProgress(
  log: (line: string) => void,
  describe: (elapsed: string) => string,
): () => string;

export function renderElapsed(ms: number): string;
