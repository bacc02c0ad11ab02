import { describe, expect, it } from '@jest/globals';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { AUTHOR } from '../../../src/domain/records.ts';
import { aLog, EVERYTHING, REQUEST, shell, STORY } from './a-log.ts';

const objects = async (folder: string): Promise<string[]> =>
  (await readdir(join(folder, 'log'))).toSorted().map((name) => join(folder, 'log', name));

/** The first one opens the log. */
const COMMITS = STORY.length + 1;

const DENIED = '<Error><Code>AccessDenied</Code><Message>no listing for you</Message></Error>';

/** Region and endpoints are read by the SDK itself, from the process's own environment. */
function sdkSees(env: Record<string, string>): Disposable {
  const before = Object.keys(env).map((name) => [name, process.env[name]] as const);
  Object.assign(process.env, env);
  return {
    [Symbol.dispose]: () => {
      for (const [name, value] of before) {
        if (value === undefined) delete process.env[name];
        else process.env[name] = value;
      }
    },
  };
}

describe('log verify', () => {
  it('finds a whole log valid', async () => {
    await using log = await aLog(STORY);

    const { exit, out } = await shell([
      'log',
      'verify',
      '--folder',
      log.folder,
      '--bot-key',
      log.keys.bot,
      '--worker-key',
      log.keys.worker,
    ]);

    expect(exit).toBe(0);
    expect(out).toMatch(/^VALID /);
    expect(out).toContain(`commits  ${COMMITS}/${COMMITS} hold`);
    expect(out).toContain('descends from the given keys');
  });

  it('says that it took the log at its word when no key was given', async () => {
    await using log = await aLog([]);

    expect((await shell(['log', 'verify', '--folder', log.folder])).out).toContain('as the log itself says');
  });

  it('names the first commit that was tampered with, and exits with 1', async () => {
    await using log = await aLog(STORY);
    const third = (await objects(log.folder))[2]!;
    await writeFile(third, (await readFile(third, 'utf8')).replace('card', 'CARD'));

    const { exit, out } = await shell(['log', 'verify', '--folder', log.folder]);

    expect(exit).toBe(1);
    expect(out).toMatch(/^INVALID /);
    expect(out).toContain(`commits  2/${COMMITS} hold`);
    expect(out).toMatch(/break +commit 3: /);
  });

  it('finds a record that the wrong role signed', async () => {
    await using log = await aLog([EVERYTHING[5]!], 'bot');

    const { exit, out } = await shell(['log', 'verify', '--folder', log.folder, '--json']);

    expect(exit).toBe(1);
    expect(JSON.parse(out)).toMatchObject({ valid: false, firstBreak: { code: 'wrong-role', commit: 2 } });
  });

  it('finds a log whose end was cut off, given a checkpoint from before', async () => {
    await using log = await aLog(STORY);
    const { out } = await shell(['log', 'verify', '--folder', log.folder, '--json']);
    const kept = join(log.folder, 'checkpoint.txt');
    await writeFile(kept, (JSON.parse(out) as { head: { checkpoint: string } }).head.checkpoint);

    const whole = await shell(['log', 'verify', '--folder', log.folder, '--checkpoint', kept]);
    await rm((await objects(log.folder)).at(-1)!);
    const cut = await shell(['log', 'verify', '--folder', log.folder, '--checkpoint', kept]);

    expect(whole).toMatchObject({
      exit: 0,
      out: expect.stringContaining(`anchored up to record ${COMMITS - 1}`),
    });
    expect(cut.exit).toBe(1);
    expect(cut.out).toContain('head-moved-back');
  });

  it('refuses keys and checkpoints that are none', async () => {
    await using log = await aLog([]);

    const { bot } = log.keys;
    expect(
      await shell(['log', 'verify', '--folder', log.folder, '--bot-key', 'x', '--worker-key', 'x']),
    ).toMatchObject({ exit: 2, out: '' });
    expect(await shell(['log', 'verify', '--folder', log.folder, '--bot-key', bot])).toMatchObject({
      exit: 2,
      err: expect.stringContaining('given together'),
    });
    const own = join(log.folder, 'own.txt');
    const other = join(log.folder, 'other.txt');
    await writeFile(own, `prod\n1\n${'A'.repeat(43)}=\n`);
    await writeFile(other, `staging\n1\n${'A'.repeat(43)}=\n`);
    expect(await shell(['log', 'verify', '--folder', log.folder, '--checkpoint', own, other])).toMatchObject({
      exit: 2,
      err: expect.stringContaining('is of staging, not of prod'),
    });
    expect(
      await shell(['log', 'verify', '--folder', log.folder, '--checkpoint', 'package.json']),
    ).toMatchObject({ exit: 2 });
    expect(await shell(['log', 'verify', '--folder', log.folder, '--checkpoint', '/nowhere'])).toMatchObject({
      exit: 2,
    });
  });

  it('could not check a folder that is not there, and says so with exit code 3', async () => {
    expect(await shell(['log', 'verify', '--folder', '/nowhere'])).toMatchObject({ exit: 3, out: '' });
  });

  it('could not check a bucket that refuses, and repeats what AWS said', async () => {
    const server = createServer((_, response) =>
      response.writeHead(403, { connection: 'close' }).end(DENIED),
    ).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const aws = {
      AWS_REGION: 'eu-west-1',
      AWS_ENDPOINT_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    };
    const secrets = { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' };
    using _ = sdkSees(aws);

    const { exit, err } = await shell(['log', 'verify'], {
      BREAKGLASS_LOG_BUCKET: 'log-bucket',
      ...aws,
      ...secrets,
    });
    server.close();
    await once(server, 'close');

    expect(exit).toBe(3);
    expect(err).toBe('s3://log-bucket could not be read: AccessDenied: no listing for you');
  });
});

describe('log show', () => {
  it('tells the story of a request as a table without colour or control characters', async () => {
    await using log = await aLog(EVERYTHING);

    const { exit, out } = await shell(['log', 'show', REQUEST, '--folder', log.folder]);

    expect(exit).toBe(0);
    expect(out).toMatch(/^time \(UTC\) +after +what +who +detail\n-+ /);
    expect(out).toMatch(/2026-03-01 12:00:12\.400 +\+12\.4s +approved +Jonas Lind \(U0JONAS001\) /);
    expect(out).toMatch(
      /asked +Maya Okafor \(U0MAYA0001\) +Payments admin console: tcp 8443 from 203\.0\.113\.7\/32 for 15s; incident PINC0042; "Settlement queue is stuck and more"/,
    );
    expect(out).toMatch(
      /refused +Maya Okafor \(U0MAYA0001\) +approve: own-request; incident PINC0042 \(\w+\)/,
    );
    expect(out).toMatch(/denied +Jonas Lind \(U0JONAS001\) +workflow file aaaaaaaaaaaa…/);
    expect(out).toMatch(/cut removed +worker/);
    expect(out).toMatch(/closed +worker +0\.18 s after the deadline; connections may-live-on/);
    expect(out.split('\n')).toHaveLength(EVERYTHING.length + 2);
    expect(out.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  });

  it('draws the page of a request, and nothing that was typed becomes part of it', async () => {
    await using log = await aLog(EVERYTHING);

    const { exit, out } = await shell(['log', 'show', REQUEST, '--html', '--folder', log.folder]);

    expect(exit).toBe(0);
    expect(out).toMatch(/^<!doctype html>/);
    expect(out.match(/class="leaf"/g)).toHaveLength(EVERYTHING.length);
    expect(out).toContain('looks &lt;b&gt;bold&lt;/b&gt; &amp; right here (https://example.com)');
    expect(out).toContain('NOT COMPLETE');
  });

  it('has words for every type of record', () => {
    expect(new Set(EVERYTHING.map(({ type }) => type))).toEqual(new Set(Object.keys(AUTHOR)));
  });

  it('lists the requests, newest last', async () => {
    const later = { ...EVERYTHING[0]!, request: 'bg-ZZZZZZZZZZ' };
    await using log = await aLog([...EVERYTHING, later]);

    const all = await shell(['log', 'show', '--folder', log.folder]);
    const last = await shell(['log', 'show', '--folder', log.folder, '--last', '1', '--json']);

    expect(all.out).toMatch(/bg-0123456789 .* closed\nbg-ZZZZZZZZZZ .* not sealed\n2 of 2 requests$/);
    expect(JSON.parse(last.out)).toMatchObject({
      total: 2,
      requests: [{ request: 'bg-ZZZZZZZZZZ' }],
      break: null,
    });
  });

  it('gives programs the records as they stand in the log', async () => {
    await using log = await aLog(EVERYTHING.slice(0, 2));

    const { out } = await shell(['log', 'show', REQUEST, '--folder', log.folder, '--json']);

    expect(JSON.parse(out)).toEqual({
      request: REQUEST,
      records: [
        { index: 1, commit: 2, role: 'bot', counts: true, record: EVERYTHING[0] },
        { index: 2, commit: 3, role: 'bot', counts: true, record: EVERYTHING[1] },
      ],
      break: null,
    });
  });

  it('marks what does not count: the wrong role, a newer format', async () => {
    await using log = await aLog([
      EVERYTHING[0]!,
      { ...EVERYTHING[5]!, format: 2 },
      { ...EVERYTHING[1]!, type: 'request.extended' },
    ]);

    const { out } = await shell(['log', 'show', REQUEST, '--folder', log.folder]);

    expect(out).toMatch(/does not count +worker +open\.intended, format 2/);
    expect(out).toMatch(/does not count +bot +request\.extended, format 1/);
  });

  it('shows a broken log up to its break, says so, and exits with 1', async () => {
    await using log = await aLog(EVERYTHING);
    const tenth = (await objects(log.folder))[9]!;
    await writeFile(tenth, 'gone');

    const { exit, out, err } = await shell(['log', 'show', REQUEST, '--folder', log.folder]);

    expect(exit).toBe(1);
    expect(out.split('\n')).toHaveLength(8 + 2);
    expect(err).toMatch(/^The log does not hold: commit 10: /);
  });

  it('knows no request that is not there, and no log in an empty folder', async () => {
    await using log = await aLog(EVERYTHING.slice(0, 1));

    expect(await shell(['log', 'show', 'bg-none', '--folder', log.folder])).toMatchObject({
      exit: 1,
      out: '',
    });
    expect(await shell(['log', 'show', '--folder', 'docs'])).toMatchObject({
      exit: 1,
      err: expect.stringMatching(/no log here/),
    });
  });
});
