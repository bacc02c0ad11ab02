import {
  decideNoRotation,
  decideRotated,
  decideRotation,
  decideRotationLate,
  ROTATION_LEASE,
} from '../domain/decide/rotate.ts';
import type { CertificateFacts } from '../domain/records.ts';
import type { In } from '../domain/request.ts';
import type { Target } from '../domain/rule.ts';
import { getRequest } from '../domain/state.ts';
import { MINUTE, SECOND, type EpochMs } from '../domain/time.ts';
import type { AcmImport } from '../domain/workflow.ts';
import { CertificateError } from '../ports/certificates.ts';
import { commitNaming } from './name-changes.ts';
import { commit } from './commit.ts';
import { wake } from './wake.ts';
import { actor, inState, type Worker } from './worker.ts';

/** How long one attempt waits for the port to serve the new certificate before it makes room and comes back. */
const SERVED_WITHIN = 20 * SECOND;
const LOOK_AGAIN_IN = 500;
const DEFAULT_WITHIN = 60 * MINUTE;

/** Why not yet, in words that are safe to show. */
class NotRotated extends Error {
  override readonly name = 'NotRotated';
}

/**
 * Replaces the certificate that the window exposed, and proves it by what the port then serves. Answers when to come back,
 * when another worker is at it; throws when it has to be tried again. Never given up: overdue, it pages and goes on.
 */
export async function rotate(
  worker: Worker,
  request: In<'closed' | 'rotating'>,
): Promise<EpochMs | undefined> {
  const { id } = request;
  const workflow = worker.workflows.get(request.asked.workflow.name);
  try {
    if (workflow === undefined)
      throw new NotRotated(`No workflow file "${request.asked.workflow.name}" says how to rotate.`);
    if (workflow.rotate.kind === 'none') {
      const now = worker.clock.now();
      await commit(worker.log, (state) => decideNoRotation(state, id, now));
      return undefined;
    }
    return await replace(worker, request, workflow.rotate);
  } catch (error) {
    const within =
      workflow?.rotate.kind === 'acm-import' ? workflow.rotate.withinSeconds * SECOND : DEFAULT_WITHIN;
    await sayLate(worker, id, request.closed.closedAt + within, error);
    throw error;
  }
}

async function replace(
  worker: Worker,
  request: In<'closed' | 'rotating'>,
  rotation: AcmImport,
): Promise<EpochMs | undefined> {
  const { id } = request;
  const { target } = request.intended;

  // 1. Which certificate was exposed, and who replaces it: one worker at a time, another after its lease.
  const current = await worker.certificates.current(target, rotation);
  const now = worker.clock.now();
  const claim = { request: id, ...actor(worker), certificate: rotation.certificate, before: current };
  await commit(worker.log, (state) => decideRotation(state, claim, now));
  const rotating = inState(worker, id, 'rotating');
  if (rotating === undefined || rotating.rotation.step === 'done') return undefined;
  const { started } = rotating.rotation;
  if (started.worker !== worker.name) return Date.parse(started.at) + ROTATION_LEASE;
  worker.telemetry.event('rotating', { request: id, attempt: started.attempt });

  // 2. Replace it, unless an earlier attempt has done so already.
  const imported = (awsRequest: string) => worker.memory.changes.add(id, 'importRequests', [awsRequest]);
  if (current.serial === started.before.serial) await worker.certificates.replace(target, rotation, imported);

  // 3. Done when a handshake shows what the store holds, and that is not what was exposed.
  const after = await served(worker, target, rotation, started.before);
  const servedAt = worker.clock.now();
  const probe = `${rotation.probe.host}:${rotation.probe.port}`;
  const rotated = { request: id, before: started.before, after, servedAt, probe };
  await commitNaming(worker, id, ['importRequests'], (state, { importRequests }) =>
    decideRotated(state, { ...rotated, awsRequests: importRequests }, servedAt),
  );
  worker.telemetry.event('rotated', { request: id });
  return undefined;
}

async function served(
  worker: Worker,
  target: Target,
  rotation: AcmImport,
  before: CertificateFacts,
): Promise<CertificateFacts> {
  const until = worker.clock.monotonic() + SERVED_WITHIN;
  for (;;) {
    const shown = await worker.certificates.served(rotation);
    const held = await worker.certificates.current(target, rotation);
    if (shown.fingerprint !== before.fingerprint && shown.serial === held.serial) return shown;
    if (worker.clock.monotonic() >= until)
      throw new NotRotated('The port does not serve the new certificate yet.');
    await worker.clock.pause(LOOK_AGAIN_IN);
  }
}

async function sayLate(worker: Worker, id: string, due: EpochMs, error: unknown): Promise<void> {
  const now = worker.clock.now();
  worker.telemetry.event('rotation-retry', { request: id });
  const page = worker.memory.page(id, 'rotation');
  const isSaid = getRequest(worker.log.state, id)?.late.rotation === true;
  if (now < due || (isSaid && !page.isRefused)) return;
  const reason = error instanceof CertificateError || error instanceof NotRotated ? error.message : 'unknown';
  const text = `The certificate exposed by ${id} has not been replaced in time: ${reason}`;
  if (page.isNew) worker.telemetry.event('rotation-late', { request: id });
  if (page.isDue(worker.clock.monotonic()))
    await wake(worker, [page], { kind: 'rotation-late', request: id, text, consoleUrl: null, command: null });
  await commit(worker.log, (state) => decideRotationLate(state, { request: id, text }, now));
}
