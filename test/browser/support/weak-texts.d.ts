export interface WeakText {
  readonly text: string;
  readonly ratio: number;
  readonly needed: number;
}

/** Runs in the page. */
export function weakTexts(): { checked: number; weak: WeakText[] };
