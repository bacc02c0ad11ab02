import type { RecordedCall } from './aws/calls.ts';
import type { aclView, certificateView, scheduleView, snapshotOf } from './aws/snapshot.ts';
import type { IngressRule } from './aws/types.ts';
import type { PageHookCall } from './control/control-interface.ts';
import type { ProbeResult, VantageState } from './edge/types.ts';
import type { Faults } from './faults.ts';
import type { GestureResult } from './slack/gestures/context.ts';
import type { IncidentState } from './incidents/types.ts';
import type { BotStatus, SlackSnapshot } from './slack/index.ts';
import type { Conversation, Delivery, Message, Option, Person, UserGroup, View } from './slack/model.ts';

/** What the control interface answers, as its callers see it. */

export type AwsSnapshot = ReturnType<typeof snapshotOf>;
export type NetworkAclSnapshot = ReturnType<typeof aclView>;
export type ScheduleSnapshot = ReturnType<typeof scheduleView>;
export type CertificateSnapshot = ReturnType<typeof certificateView>;
export type FaultSnapshot = ReturnType<Faults['all']>;

export interface SandboxUrls {
  /** The page, and the base of `SandboxClient`. */
  readonly page: string;
  /** For `SLACK_API_URL`. */
  readonly slackApi: string;
  /** For `AWS_ENDPOINT_URL`. */
  readonly aws: string;
  /** For `PAGERDUTY_API_URL`. */
  readonly pagerduty: string;
  /** For `BREAKGLASS_PAGE_URL`. */
  readonly pageHook: string;
}

export interface SandboxSnapshot {
  slack: SlackSnapshot;
  aws: AwsSnapshot;
  edge: { vantages: readonly VantageState[] };
  incidents: readonly IncidentState[];
  faults: FaultSnapshot;
  urls: SandboxUrls;
}

export interface StoredObject {
  text: string;
  versionId: string;
  /** ISO 8601, or null when nothing retains it. */
  retainUntil: string | null;
}

export interface RedeliverResult {
  ok: boolean;
  /** HTTP status of the answer; null when none came. */
  status: number | null;
}

interface MessageEvent {
  channel: string;
  message: Message;
}

/** Server-sent event -> its data. */
export interface EventData {
  hello: SandboxSnapshot;
  'slack.message': MessageEvent;
  'slack.changed': MessageEvent;
  'slack.ephemeral': MessageEvent & { user: string };
  'slack.view': { user: string; view: View };
  'slack.view_closed': { user: string; view_id: string };
  'slack.people': { people: Person[]; groups: UserGroup[] };
  'slack.channels': { channels: Conversation[] };
  'slack.bot': BotStatus;
  'slack.delivery': Delivery;
  'aws.rules': { groupId: string; rules: IngressRule[] };
  'aws.acls': { networkAcls: NetworkAclSnapshot[] };
  'aws.schedules': { schedules: ScheduleSnapshot[] };
  'aws.certificate': CertificateSnapshot;
  'aws.object': { bucket: string; key: string };
  'edge.ports': { vantages: readonly VantageState[] };
  'edge.probe': ProbeResult;
  'incidents.changed': { incidents: readonly IncidentState[] };
  'page-hook': PageHookCall;
  faults: FaultSnapshot;
}

/** One kind of event, e.g. `EventOf<'slack.view'>`. */
export interface EventOf<Type extends keyof EventData> {
  type: Type;
  data: EventData[Type];
}

export type ReceivedEvent = { [Type in keyof EventData]: EventOf<Type> }[keyof EventData];

export type {
  BotStatus,
  Conversation,
  Delivery,
  GestureResult,
  IncidentState,
  IngressRule,
  Message,
  Option,
  PageHookCall,
  Person,
  ProbeResult,
  RecordedCall,
  SlackSnapshot,
  UserGroup,
  VantageState,
  View,
};
