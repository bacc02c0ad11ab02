export interface Lock {
  release(): void;
  /** Until `release`, the lock outlives this process for as long as the process `pid` lives. */
  shareWith(pid: number): void;
}

export function acquireLock(
  folder: string,
  options?: { onWait?: (pid: number) => void; timeoutMs?: number },
): Promise<Lock>;

export function tryLock(folder: string): Lock | undefined;

export function holderOf(folder: string): number | undefined;
