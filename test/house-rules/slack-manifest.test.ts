import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { COMMAND } from '../../src/slack/listeners/command.ts';
import { ROOT, sourcesBelow } from '../support/sources.ts';

type Manifest = {
  features: { slash_commands: { command: string }[] };
  oauth_config: { scopes: { bot: string[] } };
  settings: { event_subscriptions?: unknown; interactivity: { is_enabled: boolean } };
};

/** What each method needs: https://docs.slack.dev/reference/methods, by channel type where it differs. */
const SCOPES: Record<string, string[]> = {
  'auth.test': [],
  'chat.getPermalink': [],
  'chat.postEphemeral': ['chat:write'],
  'chat.postMessage': ['chat:write'],
  'chat.update': ['chat:write'],
  'conversations.history': ['channels:history', 'groups:history'],
  'conversations.info': ['channels:read', 'groups:read'],
  'conversations.open': ['im:write'],
  'conversations.replies': ['channels:history', 'groups:history'],
  // users:read.email is what makes the address of an account visible.
  'users.info': ['users:read', 'users:read.email'],
  'usergroups.users.list': ['usergroups:read'],
  'views.open': [],
  'views.update': [],
};

const text = await readFile(join(ROOT, 'deploy/slack-manifest.yaml'), 'utf8');
const manifest = parse(text) as Manifest;

describe('the Slack manifest', () => {
  test('offers the command that the product listens to, with modals and buttons', () => {
    expect(manifest.features.slash_commands.map(({ command }) => command)).toEqual([COMMAND]);
    expect(manifest.settings.interactivity.is_enabled).toBe(true);
  });

  test('asks for the scopes that the methods in use need, and for no other', async () => {
    const methods = await methodsInUse();

    const needed = new Set([
      'commands',
      ...methods.flatMap((method) => SCOPES[method] ?? [`unknown method ${method}`]),
    ]);

    expect(new Set(manifest.oauth_config.scopes.bot)).toEqual(needed);
  });

  test('subscribes to events only when somebody listens to them', async () => {
    const listens = (await slackSources()).some((source) => /\bapp\.event\b/.test(source));

    expect(manifest.settings.event_subscriptions !== undefined).toBe(listens);
  });

  test('sends everything to the one path that HTTP mode serves', () => {
    const urls = [...text.matchAll(/https:\/\/breakglass\.example\.com(\S*)/g)].map((match) => match[1]);

    expect(new Set(urls)).toEqual(new Set(['/slack/events']));
    expect(urls).toHaveLength(3);
  });
});

const slackSources = async (): Promise<string[]> => (await sourcesBelow('src/slack')).map(({ text }) => text);

async function methodsInUse(): Promise<string[]> {
  const sources = await slackSources();
  const found = sources.flatMap((source) =>
    [...source.matchAll(/[cC]lient\s*\.((?:[a-z]\w*\s*\.\s*)+[a-z]\w*)\(/g)].map((match) =>
      match[1]!.replaceAll(/\s/g, ''),
    ),
  );
  return [...new Set(found)].toSorted();
}
