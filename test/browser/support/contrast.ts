import type { Page } from 'playwright-core';
import { type WeakText, weakTexts as lookForWeakTexts } from './weak-texts.js';

/**
 * Visible texts whose contrast with what is behind them is below WCAG 2.2 AA (1.4.3): 4.5:1, or 3:1 for large text.
 * Grounds are blended through every translucent ancestor.
 */
export function weakTexts(page: Page): Promise<{ checked: number; weak: WeakText[] }> {
  return page.evaluate(lookForWeakTexts);
}
