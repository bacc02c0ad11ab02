import type { KeyReplaced, LogRecord, Role } from '../../log/index.ts';
import type { BreakglassLog } from '../../ports/log.ts';
import type { Pager } from '../../ports/pager.ts';
import { systemClock } from '../system-clock.ts';
import type { Process } from './process.ts';

/** What a health check is told: this process reads, and can write no more. */
export const canWrite = async (log: BreakglassLog): Promise<void> => {
  await log.refresh();
  if (log.replacedBy !== undefined) throw new Error('the key that this process signs with has been replaced');
};

/**
 * Says once that the role signs with another key by now. Such a process goes on reading and, as a worker, closing: it ends
 * when whoever replaced the key starts it anew.
 */
export function watchOwnKey({ logger }: Pick<Process, 'logger'>, log: BreakglassLog, role: Role): void {
  let said = false;
  const look = (): void => {
    if (said || log.replacedBy === undefined) return;
    said = true;
    const consequence =
      role === 'worker'
        ? 'nothing opens here, and closings are recorded by others'
        : 'nothing is asked or approved here';
    const text = `the key of this ${role} has been replaced: ${consequence}; start it again with the new key`;
    logger.error({ key: log.replacedBy }, text);
  };
  log.subscribe(look);
  look();
}

/** Others find at the latest by then that somebody tells already. */
const OTHERS_LOOK_WITHIN = 8_000;

/** Wakes somebody for every key that is replaced: whoever has stolen one can do that, and nobody else would notice. */
export function pageReplacedKeys(
  { turns, config }: Pick<Process, 'turns' | 'config'>,
  log: BreakglassLog,
  pager: Pager,
): void {
  log.subscribe((entries) => {
    for (const { index, ...entry } of entries) {
      const record: LogRecord = entry.record;
      if (!isReplacement(record)) continue;
      const text = `The ${record.role}'s signing key of ${config.deployment} was replaced at ${record.at}. If nobody here did that, whoever did holds the old key, and the log can no longer be believed from there on.`;
      const alert = { kind: 'key-replaced', request: null, consoleUrl: null, text } as const;
      const page = async (): Promise<void> => {
        await pager.page({ ...alert, command: 'breakglass log verify' });
        await systemClock.pause(OTHERS_LOOK_WITHIN);
      };
      // Several workers see it: one of them tells.
      void turns.inTurn(`key:${index}`, page);
    }
  });
}

const isReplacement = (record: LogRecord): record is KeyReplaced =>
  record.format === 1 && record.type === 'log.key-replaced';
