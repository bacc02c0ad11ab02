import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { run } from '../../src/cli/program.ts';
import { needOf, NAMES, type RunRole } from '../../src/config/environment.ts';
import { VARIABLES, type Variable, type VariableName } from '../../src/config/variables.ts';
import { ROOT } from '../support/sources.ts';

type Service = {
  image?: string;
  user: string;
  command: string[];
  environment?: Record<string, string>;
  secrets?: string[];
  configs?: { source: string; target: string }[];
  read_only: boolean;
  cap_drop: string[];
  security_opt: string[];
};
type Compose = {
  services: Record<string, Service>;
  secrets: Record<string, { file: string }>;
  configs: Record<string, { file: string }>;
  networks: Record<string, { internal?: boolean }>;
};

/** Read by the AWS SDK, and so in no table of ours. */
const SDK_OWN = new Set(['AWS_SHARED_CREDENTIALS_FILE']);

const read = (path: string) => readFile(join(ROOT, path), 'utf8');
const compose = parse(await read('docker-compose.yml'), { merge: true }) as Compose;
const ours = Object.entries(compose.services).filter(([name]) => name !== 'redis');
const dockerfile = await read('Dockerfile');

const isVariable = (name: string): name is VariableName => Object.hasOwn(VARIABLES, name);

/** The variable that a name sets: itself, or the secret whose file it names. */
function variableOf(name: string): VariableName | undefined {
  if (isVariable(name)) return name;
  const secret = name.replace(/_FILE$/, '');
  return isVariable(secret) && (VARIABLES[secret] as Variable).secrecy !== 'open' ? secret : undefined;
}

const envNames = (text: string): string[] =>
  [...text.matchAll(/^([A-Z][A-Z0-9_]*)=/gm)].map((match) => match[1]!);

async function exists(command: readonly string[]): Promise<boolean> {
  return (await run([...command, '--help'], { out: () => undefined, err: () => undefined, env: {} })) === 0;
}

describe('docker-compose.yml', () => {
  test.each(ours)(
    'gives %s variables that exist, all that it requires and none that it must not hold',
    (_, service) => {
      const names = Object.keys(service.environment ?? {}).filter((name) => !SDK_OWN.has(name));
      const role = service.command.at(-1) as RunRole;
      const need = needOf(role);

      const given = names.map(variableOf);

      expect(names.filter((name) => variableOf(name) === undefined)).toEqual([]);
      expect(given.filter((name) => need(name!) === 'forbidden')).toEqual([]);
      expect(NAMES.filter((name) => need(name) === 'required' && !given.includes(name))).toEqual([]);
      expect(given.filter((name) => need(name!) === 'choice')).toHaveLength(role === 'worker' ? 0 : 1);
    },
  );

  test.each(ours)(
    'gives %s its secrets as files that are mounted, and no secret in plain text',
    (_, service) => {
      const mounted = [
        ...(service.secrets ?? []).map((name) => `/run/secrets/${name}`),
        ...(service.configs ?? []).map(({ target }) => target),
      ];

      const paths = Object.values(service.environment ?? {}).filter((value) => value.startsWith('/run/'));
      const plain = Object.entries(service.environment ?? {}).filter(
        ([name, value]) =>
          isVariable(name) &&
          (VARIABLES[name] as Variable).secrecy === 'value' &&
          value !== 'redis://redis:6379',
      );

      expect(paths.toSorted()).toEqual(mounted.toSorted());
      expect(plain).toEqual([]);
    },
  );

  test('declares exactly the secrets and public keys that are used', () => {
    const used = ours.flatMap(([, { secrets = [] }]) => secrets);
    const keys = ours.flatMap(([, { configs = [] }]) => configs.map(({ source }) => source));

    expect(Object.keys(compose.secrets).toSorted()).toEqual(used.toSorted());
    expect(Object.keys(compose.configs).toSorted()).toEqual(keys.toSorted());
  });

  test.each(ours)('starts %s with a command that exists', async (name, { command }) => {
    expect(command).toEqual(['serve', '--role', name]);
    expect(await exists(command)).toBe(true);
  });

  test.each(Object.entries(compose.services))(
    'runs %s without privileges on a read-only file system',
    (_, service) => {
      expect(service).toMatchObject({
        read_only: true,
        cap_drop: ['ALL'],
        security_opt: ['no-new-privileges:true'],
      });
      expect(service.user).toMatch(/^(node|redis)$/);
    },
  );

  test('keeps what Redis holds, and keeps Redis out of reach', () => {
    const command = compose.services['redis']!.command.join(' ');

    expect(command).toContain('--appendonly yes');
    expect(command).toContain('--maxmemory-policy noeviction');
    expect(compose.networks['redis']).toEqual({ internal: true });
  });

  test('takes from .env what .env.example explains', async () => {
    const text = await read('docker-compose.yml');

    const wanted = new Set([...text.matchAll(/\$\{([A-Z0-9_]+)/g)].map((match) => match[1]!));

    expect([...wanted].toSorted()).toEqual(envNames(await read('.env.example')).toSorted());
  });
});

describe('.env.example', () => {
  test('names variables that exist, in values they accept, and no secret', async () => {
    const lines = (await read('.env.example')).matchAll(/^([A-Z][A-Z0-9_]*)=(.*)$/gm);

    for (const [, name, value] of lines) {
      const variable: Variable | undefined = isVariable(name!) ? VARIABLES[name] : undefined;
      expect({ name, secrecy: variable?.secrecy }).toEqual({ name, secrecy: 'open' });
      expect({ name, ok: variable?.schema.safeParse(value).success }).toEqual({ name, ok: true });
    }
  });

  test('has a copy with secrets that git does not take', async () => {
    expect((await read('.gitignore')).split('\n')).toEqual(expect.arrayContaining(['.env', 'secrets/']));
  });
});

describe('Dockerfile', () => {
  const stages = dockerfile.split(/^FROM /m);
  const image = stages.at(-1)!;

  test('sets variables that exist', () => {
    const names = [...dockerfile.matchAll(/^ENV ([A-Z0-9_]+)/gm)].map((match) => match[1]!);

    expect(names.filter((name) => !isVariable(name))).toEqual([]);
    expect(names).toContain('BREAKGLASS_HTTP_HOST');
  });

  test('does not run as root', () => {
    expect([...image.matchAll(/^USER (.+)$/gm)].map((match) => match[1])).toEqual(['node']);
  });

  test('starts a command that exists', async () => {
    const [entry] = JSON.parse(/^ENTRYPOINT (.+)$/m.exec(image)![1]!).slice(1) as string[];
    const command = JSON.parse(/^CMD (\[.+\])$/m.exec(image)![1]!) as string[];

    expect(existsSync(join(ROOT, entry!))).toBe(true);
    expect(await exists(command)).toBe(true);
  });

  test('asks for health where the product answers, on the port it has by default', () => {
    const check = /HEALTHCHECK[^]*?CMD \[(.+)\]/.exec(image)![1]!;

    expect(check).toContain('/healthz');
    expect(check).toContain(`BREAKGLASS_HTTP_PORT || ${VARIABLES.BREAKGLASS_HTTP_PORT.fallback}`);
    expect(image).toContain(`EXPOSE ${VARIABLES.PORT.fallback} ${VARIABLES.BREAKGLASS_HTTP_PORT.fallback}`);
  });

  test('copies what exists and what .dockerignore lets through', async () => {
    const allowed = new Set(
      [...(await read('.dockerignore')).matchAll(/^!(.+)$/gm)].map((match) => match[1]!),
    );

    const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.+)$/gm)].flatMap((match) =>
      match[1]!.split(' ').slice(0, -1),
    );

    expect(new Set(copied)).toEqual(allowed);
    expect(copied.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  });
});
