import { LogError } from './errors.ts';
import { parseVkey, type Vkey } from './keys.ts';
import { FORMAT, ROLES, type KeyReplaced, type LogOpened, type LogRecord, type Role } from './types.ts';

/** The keys that may sign the next commit, and the ids of all there ever were. */
export interface KeyRing {
  readonly current: Readonly<Record<Role, Vkey>>;
  readonly usedIds: readonly string[];
}

/** The keys a log is opened with. LogError `malformed`, or `unknown-format` when a newer software opened it. */
export function openKeyRing(record: LogRecord, origin: string): KeyRing {
  if (record.format !== FORMAT) throw new LogError('unknown-format', `opened in format ${record.format}`);
  const { deployment, keys } = record as Partial<LogOpened>;
  if (record.type !== 'log.opened' || typeof keys !== 'object' || keys === null) {
    throw new LogError('malformed', 'the first record is not log.opened with its keys');
  }
  if (deployment !== origin) {
    throw new LogError('wrong-origin', `opened as ${shown(deployment)}, but its checkpoint says ${origin}`);
  }
  const [bot, worker] = ROLES.map((role) => keyOf(keys[role], origin)) as [Vkey, Vkey];
  if (bot.keyId === worker.keyId) throw new LogError('malformed', 'both roles have the same key');
  return { current: { bot, worker }, usedIds: [bot.keyId, worker.keyId] };
}

/**
 * The keys after a record committed by `role`: others than log.key-replaced change nothing. LogError `wrong-role` when one
 * role replaces the key of the other, `malformed` for a second log.opened or a key that was used before.
 */
export function turnKeyRing(ring: KeyRing, record: LogRecord, role: Role): KeyRing {
  if (record.format !== FORMAT) return ring;
  if (record.type === 'log.opened') throw new LogError('malformed', 'log.opened is not the first record');
  if (record.type !== 'log.key-replaced') return ring;
  const replaced = record as Partial<KeyReplaced>;
  if (replaced.role !== role) {
    throw new LogError('wrong-role', `the ${role} may not replace the key of ${shown(replaced.role)}`);
  }
  const key = keyOf(replaced.key, ring.current[role].name);
  if (ring.usedIds.includes(key.keyId))
    throw new LogError('malformed', 'a key may not be used a second time');
  return { current: { ...ring.current, [role]: key }, usedIds: [...ring.usedIds, key.keyId] };
}

function keyOf(vkey: unknown, origin: string): Vkey {
  const key = parseVkey(typeof vkey === 'string' ? vkey : '');
  if (key.name !== origin) throw new LogError('malformed', `the name of a key is not the origin ${origin}`);
  return key;
}

/** Any JSON may stand there, an object that cannot become a string included. */
const shown = (value: unknown): string => (typeof value === 'string' ? value : typeof value);
