import { randomUUID } from 'node:crypto';
import { ControlError } from '../../part.ts';
import { type Body, optionalText, text } from '../control-body.ts';
import type { KeySpec, KeyState, KmsKey, KmsKeys } from './keys.ts';

const SPECS: readonly KeySpec[] = ['ECC_NIST_EDWARDS25519', 'RSA_2048'];
const STATES: readonly KeyState[] = ['Enabled', 'Disabled', 'PendingDeletion'];

/** The key that was made or changed. Throws ControlError. */
export async function changedKey(keys: KmsKeys, body: Body): Promise<KmsKey> {
  const alias = optionalText(body, 'alias');
  if (alias !== undefined) {
    const spec = oneOf(SPECS, optionalText(body, 'spec') ?? 'ECC_NIST_EDWARDS25519', 'spec');
    const id = randomUUID();
    await keys.create({ id, alias, spec, users: ['user/bot', 'user/worker'] });
    return found(keys, id);
  }
  const changed = {
    ...found(keys, text(body, 'key')),
    state: oneOf(STATES, text(body, 'state'), 'state'),
  };
  await keys.put(changed);
  return changed;
}

function found(keys: KmsKeys, name: string): KmsKey {
  const key = keys.find(name);
  if (key === undefined) throw new ControlError(`no signing key is called ${name}`);
  return key;
}

function oneOf<Value extends string>(allowed: readonly Value[], value: string, name: string): Value {
  const known = allowed.find((each) => each === value);
  if (known === undefined) throw new ControlError(`${name} has to be one of ${allowed.join(', ')}`);
  return known;
}
