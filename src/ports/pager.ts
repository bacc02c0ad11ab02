/** The way to a human when closing is late and Slack may not be there. Never throws, never waits longer than five seconds. */
export interface Pager {
  page(alert: Alert): Promise<void>;
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
