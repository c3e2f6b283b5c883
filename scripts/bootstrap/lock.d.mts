export interface LockOwner {
  readonly pid: number;
  readonly host: string;
}

export function withLock<T>(
  directory: string,
  work: () => Promise<T>,
  options: { readonly onWait: (owner: LockOwner) => void; readonly silenceMs?: number },
): Promise<T>;
