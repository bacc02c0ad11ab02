import { createPrivateKey } from 'node:crypto';
import {
  generateKey,
  MemoryLogStore,
  openLog,
  pemSigner,
  vkeyOf,
  type Head,
  type Log,
  type LogRecord,
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

export type DrillRecord = LogRecord & { readonly text: string };

/** What was asked is the bot's to write, what was done the worker's. */
export const AUTHORS: Readonly<Record<string, Role>> = { 'drill.asked': 'bot', 'drill.done': 'worker' };

export const drillRecord = (
  type: string,
  n: number,
  text = `the port was opened and closed, ${n}`,
): DrillRecord => ({
  format: 1,
  type,
  at: new Date(START + n * 1_000).toISOString(),
  text,
});

/** Written by the product's own library, with new keys; so many commits after the first, a record each, the roles in turn. */
export async function drillLog(commits: number): Promise<DrillLog> {
  const store = new MemoryLogStore();
  const pems = { bot: generateKey(), worker: generateKey() };
  const signers = { bot: pemSigner('bot', DRILL, pems.bot), worker: pemSigner('worker', DRILL, pems.worker) };
  const keys = {
    bot: vkeyOf(DRILL, createPrivateKey(pems.bot)),
    worker: vkeyOf(DRILL, createPrivateKey(pems.worker)),
  };
  const open = (signer: Signer): Promise<Log<null, DrillRecord>> =>
    openLog({
      store,
      signer,
      projection: { initial: null, fold: () => null },
      create: { at: new Date(START).toISOString(), keys },
      patience: { retryDelaysMs: [], wait: () => Promise.resolve() },
    });
  const logs = { bot: await open(signers.bot), worker: await open(signers.worker) };
  for (let n = 1; n <= commits; n += 1) {
    const [role, type] =
      n % 2 === 1 ? (['bot', 'drill.asked'] as const) : (['worker', 'drill.done'] as const);
    await logs[role].append(() => ({ records: [drillRecord(type, n)], result: null }));
  }
  const head = await logs.bot.refresh();
  return { objects: store.objects, signers, keys, head };
}
