import { createPublicKey, verify, type KeyObject } from 'node:crypto';

import type { GetPublicKeyCommandOutput, KMSClient, SignCommandOutput } from '@aws-sdk/client-kms';

import { LogError } from '../log/errors.ts';
import { vkeyOf } from '../log/keys.ts';
import type { Role, Signer } from '../log/types.ts';
import { codeOf, nameOf, requestIdOf } from './errors.ts';
import { timeLimit } from './time-limit.ts';

export type KmsSignerOptions = {
  readonly client: Pick<KMSClient, 'send'>;
  readonly role: Role;
  /** The log's origin, which is the name of its keys. */
  readonly origin: string;
  /** Key id, key ARN, alias or alias ARN. */
  readonly keyId: string;
};

/** Repetitions included. Somebody waits for an answer in Slack, and the write that follows takes its own time. */
const SIGN_MS = 5_000;
const READ_MS = 10_000;
/** What pure Ed25519 (RFC 8032) is called in KMS: API reference, Sign. It takes messages of up to 4,096 bytes; a checkpoint has some hundred. */
const ALGORITHM = 'ED25519_SHA_512';
const SPEC = 'ECC_NIST_EDWARDS25519';

/** The key can never sign a log, however often it is asked. The text is safe to show. */
export class UnusableKeyError extends Error {
  override readonly name = 'UnusableKeyError';
}

/**
 * Signs with a key that never leaves AWS KMS. Asked for its public half once: from then on the very key is meant, whatever
 * becomes of its alias. LogError `signer-unavailable` while KMS does not answer, or refuses; UnusableKeyError for a key of
 * another kind. A signature that the public half does not confirm is an error, and leaves this module as nothing else.
 */
export async function kmsSigner({ client, role, origin, keyId }: KmsSignerOptions): Promise<Signer> {
  const { arn, publicKey } = await readPublicKey(client, role, keyId);
  return {
    role,
    vkey: vkeyOf(origin, publicKey),
    async sign(message) {
      const signature = await signed(client, arn, message);
      if (signature === undefined || !verify(null, message, publicKey, signature))
        throw new Error(`KMS answered with something else than a signature of ${arn}`);
      return signature;
    },
  };
}

async function readPublicKey(
  client: KmsSignerOptions['client'],
  role: Role,
  keyId: string,
): Promise<{ arn: string; publicKey: KeyObject }> {
  const { GetPublicKeyCommand } = await import('@aws-sdk/client-kms');
  let answer: GetPublicKeyCommandOutput;
  try {
    answer = await client.send(new GetPublicKeyCommand({ KeyId: keyId }), timeLimit(READ_MS));
  } catch (cause) {
    const text = `the ${role}'s signing key ${keyId} cannot be read: ${reason(cause, 'kms:GetPublicKey')}`;
    throw new LogError('signer-unavailable', text, { cause });
  }
  const { KeyId: arn, KeySpec, KeyUsage, PublicKey, SigningAlgorithms = [] } = answer;
  if (KeySpec !== SPEC || KeyUsage !== 'SIGN_VERIFY' || !SigningAlgorithms.includes(ALGORITHM)) {
    throw new UnusableKeyError(
      `${keyId} is a KMS key for ${String(KeySpec)} ${String(KeyUsage)}: make one with key spec ${SPEC} and key usage SIGN_VERIFY`,
    );
  }
  if (arn === undefined || PublicKey === undefined)
    throw new LogError('signer-unavailable', `KMS answered without the public key of ${keyId}`);
  return { arn, publicKey: createPublicKey({ key: Buffer.from(PublicKey), format: 'der', type: 'spki' }) };
}

/** KMS signs deterministically, so asking again after a lost answer changes nothing. */
async function signed(
  client: KmsSignerOptions['client'],
  arn: string,
  message: Uint8Array,
): Promise<Uint8Array | undefined> {
  const { SignCommand } = await import('@aws-sdk/client-kms');
  const command = new SignCommand({
    KeyId: arn,
    Message: message,
    MessageType: 'RAW',
    SigningAlgorithm: ALGORITHM,
  });
  let answer: SignCommandOutput;
  try {
    answer = await client.send(command, timeLimit(SIGN_MS));
  } catch (cause) {
    throw new Error(`${arn} did not sign: ${reason(cause, 'kms:Sign')}`, { cause });
  }
  return answer.Signature;
}

function reason(error: unknown, permission: string): string {
  const name = nameOf(error);
  const id = requestIdOf(error);
  const trace = id === '' ? name : `${name}, request ${id}`;
  switch (codeOf(error, 'read')) {
    case 'not-permitted':
      return `${permission} is not allowed to this process (${trace})`;
    case 'throttled':
      return `KMS limits the rate of these calls (${trace})`;
    case 'unreachable':
      return `KMS did not answer (${trace})`;
    default:
      return `KMS refused (${trace})`;
  }
}
