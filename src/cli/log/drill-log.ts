import { createPrivateKey } from 'node:crypto';
import type { BreakglassRecord } from '../../domain/records.ts';
import {
  generateKey,
  MemoryLogStore,
  openLog,
  pemSigner,
  vkeyOf,
  type Head,
  type Log,
  type Role,
  type Signer,
} from '../../log/index.ts';

export const DRILL = 'tamper-drill';
const START = Date.parse('2026-03-01T12:00:00Z');

/** A log of nobody's, written by both roles, and what an auditor would have of it: the keys, and a checkpoint. */
export type DrillLog = {
  readonly objects: ReadonlyMap<string, Uint8Array>;
  readonly signers: Readonly<Record<Role, Signer>>;
  readonly keys: Readonly<Record<Role, string>>;
  readonly head: Head;
};

const PERSON = {
  identity: { enterprise: null, team: 'T0DRILL', user: 'U0DRILL' },
  name: 'Nobody',
  email: null,
  active: true,
  bot: false,
  guest: false,
  stranger: false,
  groups: [],
  checkedAt: START,
};
const INCIDENT = {
  provider: 'pagerduty',
  id: 'P0DRILL',
  url: 'https://drill.pagerduty.com/incidents/P0DRILL',
  title: 'A drill',
  status: 'triggered',
  createdAt: START,
  lookedUpAt: START,
} as const;
const RULE = {
  account: '111122223333',
  region: 'eu-west-1',
  group: 'sg-0123456789abcdef0',
  ruleId: 'sgr-0123456789abcdef0',
  protocol: 'tcp',
  fromPort: 8443,
  toPort: 8443,
  source: '203.0.113.7/32',
};

export const drillTime = (n: number): string => new Date(START + n * 1_000).toISOString();
export const drillRequest = (n: number): string => `bg-${String(n).padStart(10, '0')}`;

/** What the roles of the drill record, as the product would: somebody asks, and a worker finds what nobody asked for. */
export function drillRecord(
  role: Role,
  n: number,
  text = `the port has to be opened, ${n}`,
): BreakglassRecord {
  const about = { format: 1, at: drillTime(n), software: 'drill' } as const;
  if (role === 'worker')
    return {
      ...about,
      type: 'sweep.reported',
      request: null,
      worker: text,
      finding: 'unexpected',
      rules: [RULE],
      by: null,
    };
  return {
    ...about,
    type: 'request.asked',
    request: drillRequest(n),
    delivery: `drill ${n}`,
    workflow: { name: 'drill', title: 'Drill', hash: '0'.repeat(64) },
    requester: PERSON,
    source: { address: RULE.source, name: null },
    port: RULE.fromPort,
    durationSeconds: 900,
    reason: text,
    incident: INCIDENT,
    approvalsNeeded: 1,
    lapsesAt: START / 1_000 + 900,
    channel: 'C0DRILL',
    auditChannel: 'C0DRILL',
  };
}

/** Written by the product's own library, with new keys; so many commits after the first, a record each, the roles in turn. */
export async function drillLog(commits: number): Promise<DrillLog> {
  const store = new MemoryLogStore();
  const pems = { bot: generateKey(), worker: generateKey() };
  const signers = { bot: pemSigner('bot', DRILL, pems.bot), worker: pemSigner('worker', DRILL, pems.worker) };
  const keys = {
    bot: vkeyOf(DRILL, createPrivateKey(pems.bot)),
    worker: vkeyOf(DRILL, createPrivateKey(pems.worker)),
  };
  const open = (signer: Signer): Promise<Log<null, BreakglassRecord>> =>
    openLog({
      store,
      signer,
      projection: { initial: null, fold: () => null },
      create: { at: new Date(START).toISOString(), keys },
      patience: { retryDelaysMs: [], wait: () => Promise.resolve() },
    });
  const logs = { bot: await open(signers.bot), worker: await open(signers.worker) };
  for (let n = 1; n <= commits; n += 1) {
    const role = n % 2 === 1 ? 'bot' : 'worker';
    await logs[role].append(() => ({ records: [drillRecord(role, n)], result: null }));
  }
  const head = await logs.bot.refresh();
  return { objects: store.objects, signers, keys, head };
}
