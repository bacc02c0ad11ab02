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

const software = async (): Promise<string> => (await breakglass(['--version'], {})).out.trim();
const say = ({ client }: Product, { card }: Asked, text: string): Promise<{ ts: string }> =>
  client.say(idOf('jonas'), CHANNEL, text, card);

describe('the summary of a window', () => {
  let product: Product;
  let asked: Asked;
  let objects: Awaited<ReturnType<typeof objectsOf>>;

  beforeAll(async () => {
    product = await Product.start();
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
  }, 60_000);

  afterAll(() => product[Symbol.asyncDispose]());

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
    const [sealed] = await log.all('request.sealed', asked.id);

    expect([question, yes, intended, sealed].map((record) => record?.software)).toEqual(
      Array.from({ length: 4 }, () => version),
    );
  });
});

test('while Slack does not give the thread a request is sealed without, and nothing of it is lost', async () => {
  await using product = await Product.start();
  const { client, log } = product;
  const asked = await ask(product);
  await say(product, asked, 'who can look at this?');
  // Longer than a seal waits: Slack says four times that it has been asked too often.
  await client.faults({
    'slack.rateLimit': { method: 'conversations.replies', count: 4, retryAfter: 9 },
  });

  await press(product, 'priya', asked, 'Deny');
  const sealed = await log.until('request.sealed', asked.id, 50_000);
  const before = await log.all('thread.kept', asked.id);
  const kept = await log.until('thread.kept', asked.id, 40_000);
  await settled(product, asked);
  const newest = await eventually('a summary with the thread', 10_000, async () =>
    (await log.all('summary.written', asked.id)).at(1),
  );

  expect(before).toEqual([]);
  expect(kept.messages.map(({ text }) => text)).toContain('who can look at this?');
  expect(sealed.summary.outcome).toBe('denied');
  const { json } = await objectsOf(product, newest);
  expect((JSON.parse(json.text) as Json).thread?.messages).toEqual(kept.messages);
}, 120_000);
