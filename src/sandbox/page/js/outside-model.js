/** What the tiles conclude from probes, rules and tags. */
import { toMillis } from './format.js';

/** @import { Store } from './store.js' */
/** @import { Probe, Rule, SecurityGroup } from './types.d.ts' */

const CONSOLE_PORT = 8443;
/** Probes come every second, a slow one after three; after this long without one nobody knows. */
const PROBE_SILENT_MS = 5000;

/**
 * @typedef {{ port: number, address: string, probe: string }} Common
 * @typedef {Common & { kind: 'open', deadline: number | undefined }} Open
 * @typedef {Common & { kind: 'closed' }} Closed
 * @typedef {Common & { kind: 'unknown', why: string }} Unknown
 */

/**
 * Only a real connection counts: a rule alone does not make the port open, nor does its absence close it.
 * @param {Pick<Store, 'probe' | 'connected' | 'securityGroups'>} store
 * @param {number} now
 * @returns {Open | Closed | Unknown}
 */
export function portState({ probe, connected, securityGroups }, now) {
  const known = { port: CONSOLE_PORT, address: probe?.address ?? '' };
  if (!connected) return { ...known, kind: 'unknown', why: 'reconnecting to the sandbox…', probe: '' };
  if (!probe) return { ...known, kind: 'unknown', why: 'waiting for the first probe', probe: '' };
  if (now - probe.heardAt > PROBE_SILENT_MS)
    return { ...known, kind: 'unknown', why: 'no probe for some seconds', probe: '' };
  if (probe.open === null)
    return { ...known, kind: 'unknown', why: 'the probe itself failed', probe: probe.error ?? '' };
  if (!probe.open) return { ...known, kind: 'closed', probe: probed(probe) };
  return { ...known, kind: 'open', deadline: deadlineFor(probe, securityGroups), probe: probed(probe) };
}

/** The console's own port may be taken on this machine; then the probe says which one stands for it. @param {Probe} probe */
const probed = ({ port }) =>
  port === CONSOLE_PORT ? 'Real TCP probe, every second' : `Real TCP probe, local port ${port}`;

/** @param {Probe} probe @param {SecurityGroup[]} groups The latest end of the rules that let this address in. */
function deadlineFor(probe, groups) {
  const ends = groups
    .flatMap(({ rules }) => rules)
    .filter((rule) => rule.cidr?.split('/')[0] === probe.address)
    .map(deadlineOf)
    .filter((end) => end !== undefined);
  return ends.length > 0 ? Math.max(...ends) : undefined;
}

/** @param {Rule} rule @returns {number | undefined} Milliseconds since the epoch. */
export function deadlineOf(rule) {
  const end = toMillis(rule.tags?.['breakglass:expires-at']);
  return Number.isNaN(end) ? undefined : end;
}

/** @param {Rule} rule */
export const isOurs = (rule) => Object.keys(rule.tags ?? {}).some((tag) => tag.startsWith('breakglass:'));

/** The console's group, and any other that one of ours is in. @param {SecurityGroup[]} groups */
export function groupsToShow(groups) {
  return groups.filter((group, index) => index === 0 || group.rules.some(isOurs));
}
