/** Business events: counted and logged by whoever runs the process. Helpers never throw; fields are never secrets. */
export interface Telemetry {
  event(name: BusinessEvent, fields: Readonly<Record<string, string | number | boolean | null>>): void;
}

export type BusinessEvent =
  | 'asked'
  | 'refused'
  | 'approved'
  | 'denied'
  | 'withdrawn'
  | 'lapsed'
  | 'opening'
  | 'opened'
  | 'open-failed'
  | 'extension-asked'
  | 'extension-approved'
  | 'extension-denied'
  | 'extended'
  | 'not-extended'
  | 'close-requested'
  | 'all-closed'
  | 'closing'
  | 'close-retry'
  | 'close-late'
  | 'closed'
  | 'cut-retry'
  | 'not-cut'
  | 'cut-removed'
  | 'rotating'
  | 'rotation-retry'
  | 'rotation-late'
  | 'rotated'
  | 'sealed'
  | 'sweep-finding'
  | 'step-failed';
