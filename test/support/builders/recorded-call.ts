import type { RecordedCall } from '../../../src/sandbox/client.ts';
import { AWS_WORLD } from '../../../src/sandbox/world.ts';

/** A call of the worker's that the local AWS has accepted. */
export const aCall = (service: RecordedCall['service'], action: string, input: object): RecordedCall => ({
  at: '2026-03-01T12:00:00.000Z',
  service,
  action,
  account: AWS_WORLD.account,
  region: AWS_WORLD.region,
  role: AWS_WORLD.roles.worker,
  ok: true,
  requestId: 'r',
  input,
});
