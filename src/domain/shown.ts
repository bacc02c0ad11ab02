import { createHash } from 'node:crypto';

import canonicalize from 'canonicalize';

import type { Incident } from './incident.ts';
import type { RequestAsked } from './records.ts';
import type { EpochSeconds } from './time.ts';

/** The facts an approver decides on: what the card of a request that waits for them shows, and nothing else. */
export const shownFacts = (asked: RequestAsked) => ({
  request: asked.request,
  workflow: asked.workflow,
  requester: { identity: asked.requester.identity, name: asked.requester.name },
  source: asked.source,
  port: asked.port,
  durationSeconds: asked.durationSeconds,
  reason: asked.reason,
  incident: shownIncident(asked.incident),
  approvalsNeeded: asked.approvalsNeeded,
  lapsesAt: asked.lapsesAt,
});

const shownIncident = ({ id, url, title, status }: Incident) => ({ id, url, title, status });

/** The same of an extension: what the window was opened for, when it ends, and when it would. */
const extensionFacts = (
  asked: RequestAsked,
  { from, until }: { readonly from: EpochSeconds; readonly until: EpochSeconds },
) => ({ ...shownFacts(asked), extension: { from, until } });

/** SHA-256 of the RFC 8785 form, hex: binds an approval to what was on the card. */
export const shownDigest = (asked: RequestAsked): string => digest(shownFacts(asked));

/** As `shownDigest`, for an extension of the window from one deadline to another. */
export const extensionDigest = (
  asked: RequestAsked,
  extension: { readonly from: EpochSeconds; readonly until: EpochSeconds },
): string => digest(extensionFacts(asked, extension));

const digest = (facts: object): string =>
  createHash('sha256')
    .update(String(canonicalize(facts)))
    .digest('hex');
