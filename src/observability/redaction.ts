const HIDDEN = '[redacted]';
/** Shorter ones would hide ordinary words. */
const SHORTEST_SECRET = 6;

/**
 * What secrets look like, wherever they turn up. Nothing here matches a double quote, so that a line of JSON stays one.
 * Formats: docs.slack.dev token types, RFC 7468 (PEM), RFC 6750 (Bearer), AWS access key ids, RFC 3986 user information.
 */
const PATTERNS: readonly (readonly [RegExp, string])[] = [
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[^"]*?(?:-----END [A-Z ]*PRIVATE KEY-----|(?="|$))/g, HIDDEN],
  [/\b(?:xox[a-z]|xapp)-[\w-]+/g, HIDDEN],
  [/\b(?:AKIA|ASIA)[A-Z0-9]{12,}\b/g, HIDDEN],
  [/\b(Bearer|Basic)\s+[\w.~+/=-]+/gi, `$1 ${HIDDEN}`],
  [/\b(token=)[^\s"&,;]+/gi, `$1${HIDDEN}`],
  [/\b(X-Amz-(?:Signature|Credential|Security-Token)=)[^\s"&]+/gi, `$1${HIDDEN}`],
  // A scheme of any length would make the search quadratic in a text like "a.a.a".
  [/\b([a-z][a-z0-9+.-]{0,20}:\/\/)[^\s"/@]*@/gi, `$1${HIDDEN}@`],
  [/\bhttps:\/\/hooks\.slack\.com\/[^\s"]+/g, HIDDEN],
];

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
    return PATTERNS.reduce((left, [pattern, instead]) => left.replaceAll(pattern, instead), without);
  };
}

/** As it is, and as it stands in a line of JSON. */
const inJson = (secret: string): string[] => [secret, JSON.stringify(secret).slice(1, -1)];
