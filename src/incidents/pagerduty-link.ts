/** A link to one incident, as PagerDuty's own pages show it; `url` is the one spelling that is stored and compared. */
export type PagerDutyLink = { readonly host: string; readonly id: string; readonly url: string };

export type LinkResult = PagerDutyLink | { readonly why: 'not-a-url' | 'other-provider' };

/** A customer's own host, in the US or the EU service region. */
const HOST = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.eu)?\.pagerduty\.com$/;
const PATH = /^\/incidents\/([A-Z0-9]{3,32})\/?$/;
/** Longer than any real one; keeps nonsense out of the parser. */
const MAX_LENGTH = 512;

/**
 * `https://<subdomain>.pagerduty.com/incidents/<ID>` and nothing else: no credentials, port, query or fragment. The id is
 * the only part that ever reaches a request, and its alphabet cannot leave the path segment it is put into.
 */
export function parsePagerDutyLink(text: string): LinkResult {
  const trimmed = text.trim();
  if (trimmed.length > MAX_LENGTH || !URL.canParse(trimmed)) return { why: 'not-a-url' };
  const { protocol, username, password, host, pathname, search, hash } = new URL(trimmed);
  const id = PATH.exec(pathname)?.[1];
  const extra = `${username}${password}${search}${hash}`;
  if (protocol !== 'https:' || extra !== '' || !HOST.test(host) || id === undefined) {
    return { why: protocol === 'https:' || protocol === 'http:' ? 'other-provider' : 'not-a-url' };
  }
  return { host, id, url: `https://${host}/incidents/${id}` };
}
