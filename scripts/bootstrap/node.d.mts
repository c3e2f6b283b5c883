export function projectNode(root?: string): string | undefined;

export function chooseNode(): string | undefined;

export function isNewEnough(version: string): boolean;

export function nodeNeeded(): string;

export function reexecuteIfOlder(entryUrl: string): Promise<void>;

export function runNode(
  node: string,
  args: readonly string[],
  env?: NodeJS.ProcessEnv,
): Promise<number>;
