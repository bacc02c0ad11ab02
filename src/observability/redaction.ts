import { maskSecrets } from '../domain/secrets.ts';

const HIDDEN = '[redacted]';
/** Shorter ones would hide ordinary words. */
const SHORTEST_SECRET = 6;

export type Redact = (text: string) => string;

/** Names of fields whose values are never written, at the top of a line or one level down. */
export const SECRET_FIELDS = [
  'authorization',
  'token',
  'botToken',
  'appToken',
  'slackBotToken',
  'pagerDutyToken',
  'signingSecret',
  'secret',
  'password',
  'pageUrl',
  'redisUrl',
  'privateKey',
  'accessKeyId',
  'secretAccessKey',
  'sessionToken',
] as const;

/** Hides what looks like a secret, and the given secrets whatever they look like. */
export function redactor(secrets: readonly string[] = []): Redact {
  const known = [
    ...new Set(secrets.filter(({ length }) => length >= SHORTEST_SECRET).flatMap(inJson)),
  ].toSorted((a, b) => b.length - a.length);
  return (text) => {
    const without = known.reduce((left, secret) => left.replaceAll(secret, HIDDEN), text);
    return maskSecrets(without);
  };
}

/** As it is, and as it stands in a line of JSON. */
const inJson = (secret: string): string[] => [secret, JSON.stringify(secret).slice(1, -1)];
