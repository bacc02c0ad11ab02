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

/** What has been changed for a request since its last record, whatever has failed in between. */
export class Changes {
  readonly #unnamed = new Map<string, Changed>();

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

  /** A record names them, or nobody will. */
  forget(request: string): void {
    this.#unnamed.delete(request);
  }
}
