import type { CertificateFacts, Outcome, Source, Summary } from '../../domain/records.ts';
import { hostOf } from '../../domain/address.ts';
import type { Person } from '../../domain/person.ts';
import { isoTime, SECOND, type EpochMs, type EpochSeconds } from '../../domain/time.ts';
import { latenessWords } from '../../domain/words.ts';
import { code, html, typed, type Html } from './markup.ts';

export const OUTCOME_WORDS = {
  denied: 'Denied; nothing was opened',
  withdrawn: 'Withdrawn; nothing was opened',
  lapsed: 'Lapsed; nothing was opened',
  failed: 'Could not be opened; nothing was open',
  closed: 'Opened and closed',
} as const satisfies Record<Outcome, string>;

/** `2026-03-01 12:00:00.180 UTC` */
export const time = (at: EpochMs): string => `${bareTime(at)} UTC`;
/** The same under a heading that says UTC. */
export const bareTime = (at: EpochMs): string => isoTime(at).replace('T', ' ').replace('Z', '');
/** Whole seconds, as deadlines are. */
export const second = (at: EpochSeconds): string => time(at * SECOND).replace('.000', '');

export const person = ({ name, email, identity }: Person): Html => {
  const { enterprise, team, user } = identity;
  const account = [enterprise, team, user].filter((id) => id !== null).join('/');
  return html`${typed(name)}${email === null ? '' : html` &lt;${typed(email)}&gt;`} ${code(account)}`;
};

export const sourceOf = ({ address, name }: Source): Html =>
  html`${code(hostOf(address))}${name === null ? '' : html` (${typed(name)})`}`;

/** Serials in pairs of digits, as AWS shows them. */
export const certificate = ({ serial, fingerprint, notAfter }: CertificateFacts): Html =>
  html`serial ${code(pairs(serial))}, SHA-256 ${code(fingerprint)}, valid until ${time(notAfter)}`;

const pairs = (hex: string): string =>
  hex
    .toLowerCase()
    .match(/.{1,2}/g)
    ?.join(':') ?? '';

export function lateness({ latenessMs, notLaterThan }: Pick<Summary, 'latenessMs' | 'notLaterThan'>): string {
  return notLaterThan ? 'nobody of ours saw when' : latenessWords(latenessMs);
}
