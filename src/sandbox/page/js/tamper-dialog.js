/** Lets a visitor alter a copy of the log in every way there is, and shows what the verifier says of each. */
import { control } from './control.js';
import { showDialog } from './dialogs.js';
import { h, icon, spoken } from './dom.js';
import { whatIsWrong } from './verify-report.js';

/** @typedef {{ name: string, text: string }} Tampering */
/** @typedef {'ok' | 'bad' | 'unknown'} State */

const GLYPHS = { ok: 'check', bad: 'cross', unknown: 'warning' };

export async function showTamperDialog() {
  /** @type {{ tamperings: Tampering[] }} */
  const { tamperings } = await control('aws/tamperings');
  const rows = tamperings.map(tamperRow);
  const score = h('p', { class: 'tamper-score', role: 'status' });
  const tell = () => {
    const tried = rows.filter(({ state }) => state() !== undefined).length;
    const found = rows.filter(({ state }) => state() === 'ok').length;
    score.textContent = tried === 0 ? '' : `found ${found}/${tried}`;
  };
  const all = button('Try all', 'button', async () => {
    for (const row of rows) {
      if (!dialog.open) return;
      await row.play();
      tell();
    }
  });
  for (const row of rows) row.onPlayed(tell);

  const close = () => dialog.close();
  const dialog = h(
    'dialog',
    { class: 'dialog tamper', 'aria-labelledby': 'tamper-title', 'aria-describedby': 'tamper-text' },
    h('h2', { class: 'dialog-title', id: 'tamper-title' }, 'Tamper with the log'),
    h(
      'p',
      { class: 'dialog-text', id: 'tamper-text' },
      'S3 with Object Lock lets nobody do most of this. Here it is done to a copy of the bucket, behind the back of S3; then the same verifier looks at the copy.',
    ),
    h(
      'ul',
      { class: 'tamper-list' },
      rows.map(({ element }) => element),
    ),
    h(
      'div',
      { class: 'modal-foot' },
      score,
      h(
        'div',
        { class: 'dialog-buttons' },
        all,
        h(
          'button',
          { type: 'button', class: 'button button-primary', onclick: close, autofocus: true },
          'Close',
        ),
      ),
    ),
  );
  dialog.addEventListener('close', () => dialog.remove());
  showDialog(dialog);
}

/** @param {Tampering} tampering */
function tamperRow({ name, text }) {
  const said = h('p', { class: 'verify-result', role: 'status' });
  /** @type {State | undefined} */
  let state;
  let played = () => {};
  const say = (/** @type {State} */ what, /** @type {string[]} */ lines, word = '') => {
    state = said.dataset['state'] = what;
    const texts = lines.map((line) => h('span', { class: 'tamper-line' }, line));
    said.replaceChildren(icon(GLYPHS[what]), h('span', {}, spoken(word), ...texts));
  };
  const play = async () => {
    try {
      const { report } = await control('tamper', { name });
      const wrong = whatIsWrong(report);
      if (wrong.length > 0) say('ok', wrong, 'Found: ');
      else say('bad', ['Missed: the copy was taken for whole']);
    } catch (error) {
      say('unknown', [error instanceof Error ? error.message : 'The verifier did not answer']);
    }
  };
  const element = h(
    'li',
    { class: 'tamper-way', 'data-name': name },
    h('span', { class: 'tamper-what' }, `${text.charAt(0).toUpperCase()}${text.slice(1)}`),
    button(
      'Try',
      'button button-small',
      async () => {
        await play();
        played();
      },
      `: ${text}`,
    ),
    said,
  );
  return {
    element,
    play,
    state: () => state,
    onPlayed: (/** @type {() => void} */ listener) => (played = listener),
  };
}

/**
 * Pressed once at a time; says that it is at work.
 * @param {string} word @param {string} style @param {() => Promise<void>} act @param {string} [about] Read out with it.
 */
function button(word, style, act, about = '') {
  const element = h(
    'button',
    { type: 'button', class: style, 'aria-label': about && `${word}${about}`, onclick: () => void press() },
    word,
  );
  const press = async () => {
    if (element.getAttribute('aria-disabled') === 'true') return;
    element.setAttribute('aria-disabled', 'true');
    element.textContent = 'Looking…';
    try {
      await act();
    } finally {
      element.removeAttribute('aria-disabled');
      element.textContent = word;
    }
  };
  return element;
}
