import { AWS_WORLD, BOT, CHANNELS, PEOPLE, TEAM, USER_GROUPS } from '../../../src/sandbox/world.ts';

type Json = Record<string, unknown>;

/** The part of the sandbox's state that the page reads. */
export interface FakeState {
  hello: {
    slack: Json & { views: Record<string, Json>; bot: Json };
    aws: {
      buckets: { name: string; objects: string[] }[];
      securityGroups: Group[];
      schedules: Json[];
      certificates: Json[];
    };
  };
  messages: Record<string, Json[]>;
  bucket: string;
  log: { size: number; objects: Record<string, string> };
  /** A message timestamp later than any before. */
  nextTs(): string;
}

interface Group {
  id: string;
  name: string;
  rules: Json[];
}

/** The seeded world before anybody does anything. */
export function seededState(): FakeState {
  let messages = 0;
  const startedAt = Math.floor(Date.now() / 1000);
  return {
    hello: {
      slack: {
        team: TEAM,
        bot: { connected: true, mode: 'socket', userId: BOT.userId, name: BOT.name },
        people: PEOPLE,
        groups: USER_GROUPS,
        channels: CHANNELS.map((channel) => ({ members: [], ...channel, isIm: false })),
        views: {},
      },
      aws: {
        securityGroups: AWS_WORLD.securityGroups.map(({ id, name }) => ({
          id,
          name,
          rules: AWS_WORLD.standingRules
            .filter(({ groupId }) => groupId === id)
            .map((rule) => ({ ...rule, protocol: 'tcp', tags: {} })),
        })),
        schedules: [],
        certificates: [
          {
            arn: AWS_WORLD.certificate,
            name: AWS_WORLD.certificateName,
            serial: '4F9A017C22D1',
            fingerprint: '9c1185a5c5e9fc54612808977ee8f548b2258d31',
            importedAt: new Date(Date.now() - 3 * 86_400_000).toISOString(),
          },
        ],
        buckets: [{ name: AWS_WORLD.logBucket, objects: [] }],
      },
    },
    messages: {},
    bucket: AWS_WORLD.logBucket,
    log: { size: 0, objects: {} },
    nextTs: () => `${startedAt}.${String(++messages).padStart(6, '0')}`,
  };
}
