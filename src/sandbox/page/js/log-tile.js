/** The Log tile: how many records, and what the verifier says about them. */
import { control } from './control.js';
import { byId, h, icon } from './dom.js';
import { flashOnChange } from './flash.js';
import { count } from './format.js';
import { showTamperDialog } from './tamper-dialog.js';
import { readReport } from './verify-report.js';

/** @returns {(size: number | undefined) => void} */
export function logTile() {
  const button = /** @type {HTMLButtonElement} */ (byId('verify'));
  const result = byId('verify-result');
  let checked = -1;
  let known = 0;

  const say = (/** @type {'ok' | 'bad' | 'unknown'} */ state, /** @type {string} */ text) => {
    result.dataset['state'] = state;
    const glyph = { ok: 'check', bad: 'cross', unknown: 'warning' }[state];
    result.replaceChildren(icon(glyph), h('span', {}, text));
  };
  const verify = async () => {
    if (button.getAttribute('aria-disabled') === 'true') return;
    button.setAttribute('aria-disabled', 'true');
    button.textContent = 'Verifying…';
    try {
      const { ok, text } = readReport(await control('verify'));
      checked = known;
      say(ok ? 'ok' : 'bad', text);
    } catch (error) {
      say('unknown', error instanceof Error ? error.message : 'The verifier did not answer');
    } finally {
      button.removeAttribute('aria-disabled');
      button.textContent = 'Verify';
    }
  };
  button.addEventListener('click', () => void verify());
  const tamper = () =>
    showTamperDialog().catch((error) =>
      say('unknown', error instanceof Error ? error.message : 'The sandbox did not answer'),
    );
  byId('tamper').addEventListener('click', () => void tamper());

  return (size) => {
    known = size ?? 0;
    byId('log-count').textContent = count(known, 'record');
    // A verdict speaks of the records it saw, not of those written since.
    if (checked >= 0 && checked !== known && result.dataset['state'] === 'ok') {
      checked = -1;
      result.replaceChildren();
      delete result.dataset['state'];
    }
    flashOnChange(byId('tile-log'), String(known));
  };
}
