import { createHash } from 'node:crypto';

import canonicalize from 'canonicalize';

import type { RequestAsked } from './records.ts';

/** The facts an approver decides on: what every card of a request shows, and nothing else. */
export const shownFacts = (asked: RequestAsked) => ({
  workflow: asked.workflow,
  requester: asked.requester.identity,
  source: asked.source,
  port: asked.port,
  durationSeconds: asked.durationSeconds,
  reason: asked.reason,
  incident: { id: asked.incident.id, url: asked.incident.url, title: asked.incident.title },
  approvalsNeeded: asked.approvalsNeeded,
});

/** SHA-256 of the RFC 8785 form, hex: binds an approval to what was on the card. */
export function shownDigest(asked: RequestAsked): string {
  return createHash('sha256')
    .update(String(canonicalize(shownFacts(asked))))
    .digest('hex');
}
