/** Outside Slack: what the guarded port, AWS and the log themselves say. */
import { byId, h, icon, spoken } from './dom.js';
import { flashOnChange } from './flash.js';
import { ago, clockTime, count, countdown, exactTime, shortHex, toMillis } from './format.js';
import { deadlineOf, groupsToShow, isOurs, portState } from './outside-model.js';

/** @import { Store } from './store.js' */
/** @import { Rule } from './types.d.ts' */

/** @param {Store} store */
export function outside(store) {
  const draw = {
    port: () => drawPort(store),
    certificate: () => drawCertificate(store),
    rules: () => drawRules(store),
    switches: () => drawSwitch(store),
  };
  store.on(['probe', 'rules', 'connection'], draw.port);
  store.on(['certificate'], draw.certificate);
  store.on(['rules'], draw.rules);
  store.on(['schedules'], draw.switches);
  // Countdowns, "3 s ago", and a probe that no longer comes.
  setInterval(() => {
    if (!store.ready) return;
    for (const each of Object.values(draw)) each();
  }, 500);
}

/** @type {Record<string, { word: string, icon: string }>} */
const PORT_WORDS = {
  open: { word: 'OPEN', icon: 'unlock' },
  closed: { word: 'CLOSED', icon: 'lock' },
  unknown: { word: 'UNKNOWN', icon: 'unknown' },
};

/** @param {Store} store */
function drawPort(store) {
  const tile = byId('tile-port');
  const now = Date.now();
  const state = portState(store, now);
  const { word, icon: glyph } = PORT_WORDS[state.kind] ?? { word: '', icon: 'unknown' };
  tile.dataset['state'] = state.kind;
  setContent(byId('port-word'), state.kind, () => [icon(glyph, 'icon port-icon'), h('span', {}, word)]);
  setText('port-number', `PORT ${state.port}`);
  if (state.kind === 'open') {
    setText('port-detail', `to ${state.address}`);
    setText(
      'port-left',
      state.deadline === undefined
        ? 'no end is set'
        : state.deadline > now
          ? `${countdown(state.deadline - now)} left`
          : `${countdown(now - state.deadline)} past its end`,
    );
  } else {
    setText('port-detail', state.kind === 'closed' ? `${state.address} is refused` : state.why);
    setText('port-left', '');
  }
  setText('port-probe', state.probe);
  flashOnChange(tile, `${state.kind} ${state.kind === 'open' ? state.address : ''}`);
}

/** @param {Store} store */
function drawCertificate(store) {
  const body = byId('certificate-body');
  const certificate = store.certificates[0];
  if (!certificate)
    return setContent(body, 'none', () => [h('p', { class: 'tile-quiet' }, 'No certificate yet')]);
  const changed = toMillis(certificate.importedAt);
  setContent(body, certificate.serial + certificate.fingerprint, () => [
    line('Serial', h('code', { title: certificate.serial }, shortHex(certificate.serial))),
    line('SHA-256', h('code', { title: certificate.fingerprint }, shortHex(certificate.fingerprint))),
    h('p', { class: 'tile-quiet', id: 'certificate-age' }),
  ]);
  setText('certificate-age', Number.isNaN(changed) ? '' : `changed ${ago(Date.now() - changed)}`);
  flashOnChange(byId('tile-certificate'), certificate.serial);
}

/** @param {Store} store */
function drawRules(store) {
  const groups = groupsToShow(store.securityGroups);
  const now = Date.now();
  const version = JSON.stringify(groups);
  setContent(byId('rules-body'), version, () =>
    groups.flatMap((group) => [
      h('h4', { class: 'rule-group' }, group.name),
      group.rules.length === 0
        ? h('p', { class: 'tile-quiet' }, 'Nobody may connect')
        : h('ul', { class: 'rule-list' }, group.rules.map(ruleItem)),
    ]),
  );
  for (const place of byId('rules-body').querySelectorAll('[data-deadline]')) {
    const deadline = Number(place.getAttribute('data-deadline'));
    const text = deadline > now ? `${countdown(deadline - now)} left` : 'overdue';
    if (place.textContent !== text) place.textContent = text;
  }
  flashOnChange(byId('tile-rules'), JSON.stringify(groups.map(({ rules }) => rules.map(({ id }) => id))));
}

/** @param {Rule} rule */
function ruleItem(rule) {
  const ours = isOurs(rule);
  const deadline = deadlineOf(rule);
  const port = rule.fromPort === rule.toPort ? `${rule.fromPort}` : `${rule.fromPort}–${rule.toPort}`;
  return h(
    'li',
    { class: ours ? 'rule rule-ours' : 'rule' },
    h('span', { class: 'rule-mark', 'aria-hidden': 'true' }, ours ? '◆' : '–'),
    h(
      'span',
      { class: 'rule-source' },
      rule.cidr ?? rule.source ?? 'another group',
      spoken(` on port ${port}`),
    ),
    h('span', { class: 'rule-note', 'data-deadline': ours && deadline }, ours ? 'no end' : 'standing'),
    rule.description && h('span', { class: 'rule-description', title: rule.description }, rule.description),
  );
}

/** @param {Store} store */
function drawSwitch(store) {
  const enabled = store.schedules.filter(({ state }) => state !== 'DISABLED');
  const armed = enabled.filter(({ target }) => target.endsWith(':revokeSecurityGroupIngress'));
  const others = enabled.length - armed.length;
  const starts = armed.map(({ start }) => toMillis(start)).filter((start) => !Number.isNaN(start));
  const first = starts.length > 0 ? Math.min(...starts) : undefined;
  setContent(byId('switch-body'), JSON.stringify([armed, first, others]), () => [
    ...(armed.length === 0
      ? [
          h(
            'p',
            { class: 'tile-value' },
            h('span', { class: 'shape', 'aria-hidden': 'true' }, '○'),
            'Not armed',
          ),
          h('p', { class: 'tile-quiet' }, 'Armed before anything opens'),
        ]
      : [
          h(
            'p',
            { class: 'tile-value' },
            h('span', { class: 'shape', 'aria-hidden': 'true' }, '●'),
            first === undefined
              ? 'Armed'
              : `Armed for ${first % 60_000 === 0 ? clockTime(first) : exactTime(first)}`,
          ),
          h(
            'p',
            { class: 'tile-quiet' },
            `${count(armed.length, 'schedule')} in AWS would close it without us`,
          ),
        ]),
    ...(others === 0
      ? []
      : [h('p', { class: 'tile-quiet' }, `${count(others, 'schedule')} will lift what cut connections`)]),
  ]);
  flashOnChange(byId('tile-switch'), JSON.stringify(armed.map(({ name, start }) => [name, start])));
}

/** @param {string} name @param {Node} value */
function line(name, value) {
  return h('p', { class: 'tile-line' }, h('span', { class: 'tile-name' }, name), value);
}

/** @param {string} id @param {string} text */
function setText(id, text) {
  const place = byId(id);
  if (place.textContent !== text) place.textContent = text;
}

/**
 * Builds the content anew only when it differs.
 * @param {HTMLElement} place @param {string} version @param {() => Node[]} build
 */
function setContent(place, version, build) {
  if (place.dataset['version'] === version) return;
  place.dataset['version'] = version;
  place.replaceChildren(...build());
}
