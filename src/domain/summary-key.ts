/** What is kept beside the log for people to read lives under this prefix of its bucket. */
export const SUMMARIES = 'summary/';

/** Where the summary of a request stands that tells the log up to a commit: the last of them in order is the newest. */
export const summaryKey = (request: string, upTo: number, kind: 'json' | 'html'): string =>
  `${SUMMARIES}${request}/${String(upTo).padStart(16, '0')}.${kind}`;

/** Where it stands instead, when somebody was faster and wrote something else: in the order of keys at the same place. */
export const besideKey = (key: string, sha256: string): string =>
  key.replace(/\.(?=\w+$)/, `-${sha256.slice(0, 16)}.`);
