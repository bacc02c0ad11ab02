import { createHash } from 'node:crypto';
import { GetObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Summary, ThreadKept } from '../../../src/domain/records.ts';
import { AWS_WORLD } from '../../../src/sandbox/world.ts';
import { eventually } from '../../support/eventually.ts';
import { Product } from '../../support/product.ts';
import {
  approve,
  ask,
  CHANNEL,
  idOf,
  opened,
  press,
  settled,
  type Asked,
} from '../../support/product/acts.ts';
import { breakglass } from '../../support/product/command-line.ts';
import { withBucket } from '../../support/product/download.ts';
import type { RecordOf } from '../../support/product/outside-log.ts';
import { WorkerClock } from '../../support/product/worker-clock.ts';

type Json = { readonly summary: Summary; readonly thread: ThreadKept | null; readonly records: unknown[] };
type Stored = {
  readonly text: string;
  readonly type: string | undefined;
  readonly lock: string | undefined;
  readonly sha256: string;
};

async function stored(product: Product, Key: string): Promise<Stored> {
  return withBucket(product, 'auditor', async (s3) => {
    const found = await s3.send(new GetObjectCommand({ Bucket: AWS_WORLD.logBucket, Key }));
    const text = (await found.Body?.transformToString()) ?? '';
    const sha256 = createHash('sha256').update(text).digest('hex');
    return { text, type: found.ContentType, lock: found.ObjectLockMode, sha256 };
  });
}

/** What the log says was written, and what stands there. */
async function objectsOf(product: Product, { objects }: RecordOf<'summary.written'>) {
  const [json, html] = await Promise.all(objects.map(({ key }) => stored(product, key)));
  return { json: json!, html: html!, said: objects };
}

const LONGER_THAN_A_SEAL_WAITS = 40_000;

const software = async (): Promise<string> => (await breakglass(['--version'], {})).out.trim();
const say = ({ client }: Product, { card }: Asked, text: string): Promise<{ ts: string }> =>
  client.say(idOf('jonas'), CHANNEL, text, card);

describe('the summary of a window', () => {
  let clock: WorkerClock;
  let product: Product;
  let asked: Asked;
  let objects: Awaited<ReturnType<typeof objectsOf>>;

  beforeAll(async () => {
    clock = await WorkerClock.create();
    product = await Product.start({ workerEnvironment: () => clock.environment() });
    const { client, log } = product;
    asked = await ask(product);
    await approve(product, asked);
    await opened(product, asked);
    const edited = await say(product, asked, 'restarting the queue');
    await client.editMessage(idOf('jonas'), CHANNEL, edited.ts, 'restarting the <b>consumer</b>');
    const pasted = await say(product, asked, 'oops, wrong window');
    await client.deleteMessage(idOf('jonas'), CHANNEL, pasted.ts);
    await settled(product, asked);
    objects = await objectsOf(product, await log.until('summary.written', asked.id, 5_000));
  }, 120_000);

  afterAll(async () => {
    await product?.[Symbol.asyncDispose]();
    await clock?.[Symbol.asyncDispose]();
  });

  test('stands in the bucket under the lock of the log, and is what the log says that it is', () => {
    const { json, html, said } = objects;

    expect([json.lock, html.lock]).toEqual(['COMPLIANCE', 'COMPLIANCE']);
    expect([json.type, html.type]).toEqual(['application/json', 'text/html; charset=utf-8']);
    expect(said.map(({ sha256 }) => sha256)).toEqual([json.sha256, html.sha256]);
  });

  test('has what people wrote, that it was edited, and that something was removed but not what', () => {
    const { messages = [], complete } = (JSON.parse(objects.json.text) as Json).thread ?? {};
    const people = messages.filter(({ by }) => by.who === 'person');

    expect(complete).toBe(true);
    expect(people).toMatchObject([
      { text: 'restarting the &lt;b&gt;consumer&lt;/b&gt;', edited: { by: { user: idOf('jonas') } } },
      { text: '', removedAt: expect.any(Number) },
    ]);
    expect(objects.json.text).not.toContain('wrong window');
    expect(objects.html.text).toContain('restarting the &lt;b&gt;consumer&lt;/b&gt;');
  });

  test('is drawn again from the verified log, in the same way', async () => {
    const { code, out } = await breakglass(['log', 'show', asked.id, '--html'], product.auditor);

    const before = objects.html.text.split('<h2>Records</h2>')[0];
    expect(code).toBe(0);
    expect(out.split('<h2>Records</h2>')[0]).toBe(before);
  });

  test('names the software that decided', async () => {
    const { log } = product;
    const version = await software();
    const [question] = await log.all('request.asked', asked.id);
    const [yes] = await log.all('approval.given', asked.id);
    const [intended] = await log.all('open.intended', asked.id);
    const [closing] = await log.all('close.intended', asked.id);
    const [rotating] = await log.all('rotation.started', asked.id);
    const [sealed] = await log.all('request.sealed', asked.id);

    const deciding = [question, yes, intended, closing, rotating, sealed];
    expect(deciding.map((record) => record?.software)).toEqual(deciding.map(() => version));
  });

  test('is written without its thread while Slack does not give it, and nothing of it is lost', async () => {
    const { client, log } = product;
    const denied = await ask(product);
    await say(product, denied, 'who can look at this?');
    await client.faults({
      'slack.rateLimit': { method: 'conversations.replies', count: 1_000, retryAfter: 1 },
    });

    await press(product, 'priya', denied, 'Deny');
    await log.until('request.denied', denied.id, 20_000);
    await clock.setForward(product.worker, LONGER_THAN_A_SEAL_WAITS);
    const sealed = await log.until('request.sealed', denied.id, 40_000);
    const first = await log.until('summary.written', denied.id, 40_000);
    const before = await log.all('thread.kept', denied.id);
    await client.faults({ 'slack.rateLimit': null });
    const kept = await log.until('thread.kept', denied.id, 40_000);
    await settled(product, denied);
    const second = await eventually('a summary with the thread', 40_000, async () =>
      (await log.all('summary.written', denied.id)).at(1),
    );

    expect(before).toEqual([]);
    expect(kept.messages.map(({ text }) => text)).toContain('who can look at this?');
    expect(sealed.summary.outcome).toBe('denied');
    const threads = await Promise.all(
      [first, second].map(async (written) => {
        const { json } = await objectsOf(product, written);
        return (JSON.parse(json.text) as Json).thread?.messages;
      }),
    );
    expect(threads).toEqual([undefined, kept.messages]);
  }, 120_000);
});
