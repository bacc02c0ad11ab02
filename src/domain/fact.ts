/**
 * Everything that can happen, one type a kind of record. A record is a fact: written once, by one role, never changed.
 * All values are plain JSON. `at` is when it happened by the writer's clock, RFC 3339.
 */
export type Fact<T extends string, Body> = {
  readonly format: 1;
  readonly type: T;
  readonly at: string;
} & Body;
export type Of = { readonly request: string };

/** The software that decided, `0.1.0` or, built from a known commit, `0.1.0+1a2b3c4`. */
export type By = { readonly software: string };

/** With the SHA-256 of the workflow file it decided by: not always the one that was asked under, null where there is none. */
export type Under = By & { readonly workflowHash: string | null };
