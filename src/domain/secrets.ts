/**
 * What looks like a secret: where its text begins to be one, group `keep` is what may stay in front of it. No match holds a
 * double quote and none takes long on a text of any length, so that whole lines of JSON can be masked as well.
 */
const SHAPES: readonly (readonly [what: string, shape: RegExp])[] = [
  [
    'private key',
    /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY-----[^"]*?(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY-----|(?=")|$)/g,
  ],
  // docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html, "unique ID prefixes"
  ['AWS access key', /\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}\b/g],
  ['AWS secret key', /(?<keep>secret[\w ]{0,20}["']?\s*[:=]\s*["']?)[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+])/gi],
  // docs.slack.dev/authentication/tokens
  ['Slack token', /\bx(?:ox[a-z](?:\.xox[a-z])?|app)-[\w-]{10,}/g],
  ['Slack webhook', /(?<keep>hooks\.slack\.com\/(?:services|workflows|triggers)\/)[\w/-]{10,}/g],
  // docs.github.com, "GitHub's token formats"
  ['GitHub token', /\b(?:gh[pousr]_\w{30,}|github_pat_\w{30,})/g],
  ['GitLab token', /\bglpat-[\w-]{20,}/g],
  ['Google API key', /\bAIza[\w-]{35,}/g],
  ['Stripe key', /\b[rs]k_(?:live|test)_\w{16,}/g],
  // RFC 7519: two parts of base64url JSON, and a signature. The first, a header, is short: text without an end costs little.
  ['JSON web token', /\beyJ[\w-]{8,1000}\.eyJ[\w-]{8,}\.[\w-]{8,}/g],
  // RFC 6750 and RFC 7617; a header says so itself, a sentence only where the word is long
  ['credential', /(?<keep>\bauthorization["']?\s*[:=]\s*["']?(?:bearer|basic)\s+)[^\s"'[]+/gi],
  ['credential', /(?<keep>\b(?:bearer|basic)\s+)[\w.~+/-]{16,}=*/gi],
  // docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
  ['signature', /(?<keep>\bX-Amz-(?:Signature|Credential|Security-Token)=)[^\s"'&[]+/gi],
  // RFC 3986 section 3.2.1: the password of a userinfo
  ['password', /(?<keep>\b[a-z][a-z\d+.-]{1,20}:\/\/[^\s:/@]{0,64}:)[^\s@/"]{1,256}(?=@)/gi],
  // With a digit or a sign near its beginning: words of a sentence have none.
  [
    'secret',
    /(?<keep>\b(?:password|passwd|passphrase|pwd|secret|token|api[_-]?key)\b["']?\s*[:=]\s*["']?)(?=[^\s"']{0,256}[\d!#$%&*+/?@^_~])[^\s"']{6,}/gi,
  ],
];

/** In JSON a line end is a backslash and a letter: the word after it begins behind both. */
const WORD_START = String.raw`(?:\b|(?<=\\[nrt]))`;

const REPLACEMENTS = SHAPES.map(([what, { source, flags }]) => {
  const kept = source.includes('(?<keep>') ? '$<keep>' : '';
  return [
    new RegExp(
      source.replace(String.raw`\b`, () => WORD_START),
      flags,
    ),
    `${kept}[${what} removed]`,
  ] as const;
});

/**
 * What somebody typed, without what looks like a secret: the record can never be altered, and is read by many. Errs on the
 * side of masking; a secret of no known shape passes. Masking twice changes nothing.
 */
export const maskSecrets = (text: string): string =>
  REPLACEMENTS.reduce((masked, [shape, instead]) => masked.replaceAll(shape, instead), text);

/** A text from outside as it may stand in a record: half a character cannot be written at all. */
export const recordable = (text: string): string => maskSecrets(text.replaceAll(/\p{Surrogate}/gu, '\uFFFD'));
