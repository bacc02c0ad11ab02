import { createHash, createPublicKey, verify } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import {
  inclusionProof,
  leafHash,
  MAX_SNAPSHOT_BYTES,
  MemoryLogStore,
  nodesOf,
  parseVkey,
  snapshotPrefix,
  verifyLog,
} from '../../../src/log/index.ts';
import { MAX_BYTES, MAX_RECORDS } from '../../../src/log/commit.ts';
import { chainFrom } from '../../../src/log/snapshot-chain.ts';
import { snapshotKey, unpackLines, unsealSnapshot } from '../../../src/log/snapshot.ts';
import { BOT, bytesOf, Chains, KEYS, note, ORIGIN, textOf, WORKER } from './support.ts';

const page = await readFile(new URL('../../../docs/log-format.md', import.meta.url), 'utf8');
const objects = new Map(
  [...page.matchAll(/^```(log\/\d+)\n(.*?)^```$/gms)].map(([, key, text]) => [key!, text!]),
);
const [first, second] = [...objects.values()] as [string, string];
const hexes = [...page.matchAll(/`([0-9a-f]{64})`/g)].map(([, hex]) => hex);

describe('the example in docs/log-format.md', () => {
  test('verifies', async () => {
    const store = new MemoryLogStore();
    for (const [key, text] of objects) store.objects.set(key, bytesOf(text));

    const report = await verifyLog(store, { origin: ORIGIN, trustedKeys: KEYS });

    expect(report).toMatchObject({ valid: true, commits: 2, records: 3 });
  });

  test('is what is written with these keys', async () => {
    const chains = await Chains.opened();
    await chains.commit(
      [
        note('port opened', { at: '2026-03-01T12:00:05.250Z' }),
        note('port closed, 0.18 s after the deadline', { at: '2026-03-01T12:00:20.180Z' }),
      ],
      WORKER,
    );

    expect(new Map([...chains.store.objects].map(([key, body]) => [key, textOf(body)]))).toEqual(objects);
    expect(first).toContain(BOT.vkey);
  });

  test('can be checked with nothing but SHA-256 and Ed25519', () => {
    const sha = (...parts: readonly (string | Buffer)[]) => {
      const hash = createHash('sha256');
      for (const part of parts) hash.update(part);
      return hash.digest();
    };
    const lines = [...first.split('\n').slice(0, 1), ...second.split('\n').slice(0, 2)];
    const [a, b, c] = lines.map((line) => sha('\x00', line)) as [Buffer, Buffer, Buffer];
    const ab = sha('\x01', a, b);
    const root = sha('\x01', ab, c);
    const checkpoint = second.split('\n\n')[1]! + '\n';
    const [name, id, key] = KEYS.worker.split(/\+(.{8})\+/) as [string, string, string];
    const raw = Buffer.from(key, 'base64').subarray(1);
    const signed = Buffer.from(second.trimEnd().split(' ').at(-1)!, 'base64');
    const spki = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), raw]);

    expect([a, b, c, ab, root].map((hash) => hash.toString('hex'))).toEqual(hexes);
    expect(checkpoint).toBe(`${ORIGIN}\n3\n${root.toString('base64')}\n`);
    expect(signed.toString('hex', 0, 4)).toBe(id);
    expect(sha(`${name}\n\x01`, raw).toString('hex', 0, 4)).toBe(id);
    const publicKey = createPublicKey({ key: spki, format: 'der', type: 'spki' });
    expect(verify(null, bytesOf(checkpoint), publicKey, signed.subarray(4))).toBe(true);
  });

  test('has the audit path it gives', () => {
    const leaves = [...first.split('\n').slice(0, 1), ...second.split('\n').slice(0, 2)].map((line) =>
      leafHash(bytesOf(line)),
    );

    expect(inclusionProof(1, 3, nodesOf(leaves))).toEqual([leaves[0], leaves[2]]);
  });

  test('has a snapshot that our key has signed, with the lines it gives', async () => {
    const block = (name: string) => new RegExp(`^\`\`\`${name}\\n(.*?)^\`\`\``, 'ms').exec(page)![1]!;
    const key = snapshotKey(snapshotPrefix('worker', 'notes-1'), 2);
    const content = Buffer.from(block('base64'), 'base64');

    const unsealed = unsealSnapshot(Buffer.concat([bytesOf(block(key)), content]), 2, parseVkey(KEYS.worker));
    const lines: unknown[] = [];
    for await (const line of unpackLines(unsealed)) lines.push(line);

    expect(`${lines.map((line) => JSON.stringify(line)).join('\n')}\n`).toBe(block('json-lines'));
    expect(chainFrom(lines[0], 2, 'notes-1', WORKER).head.checkpoint).toBe(
      second.split('\n\n').slice(1).join('\n\n'),
    );
  });

  test('is on a page that states the bounds as they are', () => {
    expect(page).toContain(`at most ${MAX_RECORDS.toLocaleString('en')}, each`);
    expect(page.match(new RegExp(MAX_BYTES.toLocaleString('en'), 'g'))).toHaveLength(2);
    expect(page).toContain(`at most\n${MAX_SNAPSHOT_BYTES.toLocaleString('en')} bytes`);
  });
});
