/** AWS request ids of what this process has changed: what lets in, what shuts out, switches and tags, certificates. */
export type Changed = {
  readonly authorizeRequests: readonly string[];
  readonly closeRequests: readonly string[];
  readonly switchRequests: readonly string[];
  readonly importRequests: readonly string[];
};

const NOTHING: Changed = {
  authorizeRequests: [],
  closeRequests: [],
  switchRequests: [],
  importRequests: [],
};

/** What has been changed for a request, or for a deny entry, and no record names yet, whatever has failed in between. */
export class Changes {
  readonly #unnamed = new Map<string, Changed>();

  /** For how many something is left to name. */
  get size(): number {
    return this.#unnamed.size;
  }

  of(request: string): Changed {
    return this.#unnamed.get(request) ?? NOTHING;
  }

  add(request: string, kind: keyof Changed, awsRequests: readonly string[]): void {
    if (awsRequests.length === 0) return;
    const changed = this.of(request);
    // Who asks AWS again may be given the same answer.
    const all = [...new Set([...changed[kind], ...awsRequests])];
    this.#unnamed.set(request, { ...changed, [kind]: all });
  }

  /** A record names these; what is of another kind, or was answered since, waits for the next. */
  named(request: string, changed: Changed, kinds: readonly (keyof Changed)[]): void {
    const before = this.of(request);
    const rest = kinds.map(
      (kind) => [kind, before[kind].filter((id) => !changed[kind].includes(id))] as const,
    );
    const left: Changed = { ...before, ...Object.fromEntries(rest) };
    // Thousands of open windows wait for hours with nothing to name.
    if (Object.values(left).every((ids) => ids.length === 0)) this.#unnamed.delete(request);
    else this.#unnamed.set(request, left);
  }

  /** Nobody will name them any more. */
  forget(request: string): void {
    this.#unnamed.delete(request);
  }
}
