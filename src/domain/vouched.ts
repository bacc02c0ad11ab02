import { identityKey, type Identity, type PersonFacts } from './person.ts';
import type { Request } from './request.ts';

/** Who said yes, to the opening and to every later end, as the directory vouched for them then. */
export function approversOf(request: Request): PersonFacts[] {
  const extensions = 'extended' in request ? [...request.extended, request.extension] : [];
  const answers = extensions.flatMap((extension) => extension?.approvals ?? []);
  return [...request.approvals, ...answers].map(({ given }) => given.approver);
}

/**
 * Somebody as the log knows them from these requests: good enough to close on while the directory is silent, and to name in a
 * record who was refused, and for nothing else.
 */
export function vouchedFor(requests: Iterable<Request>, identity: Identity): PersonFacts | undefined {
  for (const request of requests) {
    const found = named([request.asked.requester, ...approversOf(request)], identity);
    if (found !== undefined) return found;
  }
  return undefined;
}

export const named = (people: readonly PersonFacts[], identity: Identity): PersonFacts | undefined =>
  people.find((person) => identityKey(person.identity) === identityKey(identity));
