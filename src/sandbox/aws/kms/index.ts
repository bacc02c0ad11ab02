import { createPublicKey, sign } from 'node:crypto';
import { AwsError } from '../error.ts';
import { jsonAnswer, jsonCodes, jsonError, jsonInput, type Json } from '../json-service.ts';
import { isAdmin } from '../identities.ts';
import type { AwsService, CallContext, ParsedCall, RawCall } from '../service.ts';
import { arnOf, privateKeyOf, type KeySpec, type KmsKey, type KmsKeys } from './keys.ts';

type Action = (key: KmsKey, input: Json) => Json;

/** API reference, Sign: "Messages can be 0-4096 bytes." */
const MAX_MESSAGE_BYTES = 4_096;
/** Developer guide, "Asymmetric key specs": what each can sign with. */
const ALGORITHMS: Readonly<Record<KeySpec, readonly string[]>> = {
  ECC_NIST_EDWARDS25519: ['ED25519_SHA_512', 'ED25519_PH_SHA_512'],
  RSA_2048: ['RSASSA_PKCS1_V1_5_SHA_256', 'RSASSA_PSS_SHA_256'],
};

/** AWS KMS (JSON 1.1): asymmetric keys that sign, and the public halves of them. */
export function createKms(keys: KmsKeys): AwsService {
  const actions: Readonly<Record<string, Action>> = { GetPublicKey: getPublicKey, Sign: signMessage };
  return {
    name: 'kms',
    codes: jsonCodes('KMSInternalException'),
    parse(call: RawCall): ParsedCall {
      const action = (call.headers['x-amz-target'] ?? '').replace(/^TrentService\./, '');
      const run = actions[action];
      if (run === undefined) throw new AwsError('UnknownOperationException', `No action ${action}`, 400);
      const input = jsonInput(call);
      const { KeyId, SigningAlgorithm, MessageType } = input;
      return {
        action,
        input: { KeyId, SigningAlgorithm, MessageType },
        run: (context) => jsonAnswer(200, run(usableBy(context, action, input), input)),
      };
    },
    answerError: jsonError,
  };

  /** The key, if its own policy lets the caller use it and it can be used. */
  function usableBy(context: CallContext, action: string, { KeyId }: Json): KmsKey {
    if (typeof KeyId !== 'string' || KeyId === '')
      throw invalid("Value null at 'keyId' failed to satisfy constraint");
    const key = keys.find(KeyId);
    if (key === undefined) throw new AwsError('NotFoundException', `Key '${KeyId}' does not exist`, 400);
    if (!key.users.includes(context.caller.principal) && !isAdmin(context.caller)) {
      const text = `User: ${context.caller.arn} is not authorized to perform: kms:${action} on resource: ${arnOf(key)}`;
      throw new AwsError('AccessDeniedException', text, 400);
    }
    if (key.state === 'Disabled') throw new AwsError('DisabledException', `${arnOf(key)} is disabled.`, 400);
    if (key.state === 'PendingDeletion')
      throw new AwsError('KMSInvalidStateException', `${arnOf(key)} is pending deletion.`, 400);
    return key;
  }
}

function getPublicKey(key: KmsKey): Json {
  const spki = createPublicKey(privateKeyOf(key)).export({ type: 'spki', format: 'der' });
  return {
    KeyId: arnOf(key),
    PublicKey: spki.toString('base64'),
    KeySpec: key.spec,
    CustomerMasterKeySpec: key.spec,
    KeyUsage: 'SIGN_VERIFY',
    SigningAlgorithms: ALGORITHMS[key.spec],
  };
}

/** Pure Ed25519 (RFC 8032) over the message itself; the other algorithms are not played here. */
function signMessage(key: KmsKey, { Message, MessageType = 'RAW', SigningAlgorithm }: Json): Json {
  const message = Buffer.from(typeof Message === 'string' ? Message : '', 'base64');
  if (typeof Message !== 'string' || message.length > MAX_MESSAGE_BYTES) {
    throw invalid("Value at 'message' failed to satisfy constraint: length less than or equal to 4096");
  }
  if (typeof SigningAlgorithm !== 'string' || !ALGORITHMS[key.spec].includes(SigningAlgorithm)) {
    const text = `Algorithm ${String(SigningAlgorithm)} is incompatible with key spec ${key.spec}.`;
    throw new AwsError('InvalidKeyUsageException', text, 400);
  }
  if (SigningAlgorithm !== 'ED25519_SHA_512') throw invalid(`${SigningAlgorithm} is not played here`);
  if (MessageType !== 'RAW') throw invalid('ED25519_SHA_512 requires MessageType RAW');
  const signature = sign(null, message, privateKeyOf(key)).toString('base64');
  return { KeyId: arnOf(key), Signature: signature, SigningAlgorithm };
}

const invalid = (text: string): AwsError => new AwsError('ValidationException', text, 400);
