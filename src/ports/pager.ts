/** The way to a human when closing is late and Slack may not be there. Never throws, never waits longer than five seconds. */
export interface Pager {
  /** Whether it was taken; also true where nobody can be paged at all, and sending it again would change nothing. */
  page(alert: Alert): Promise<boolean>;
}

export type Alert = {
  readonly kind:
    | 'close-late'
    | 'not-cut'
    | 'rotation-late'
    | 'log-not-trusted'
    | 'key-replaced'
    | 'unexpected-rule'
    | 'connection-alive'
    | 'trail-differs';
  readonly request: string | null;
  /** One line for a person: what, since when, what to do by hand. */
  readonly text: string;
  readonly consoleUrl: string | null;
  readonly command: string | null;
};
