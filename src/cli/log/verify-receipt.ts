import { readFile } from 'node:fs/promises';
import type { Person } from '../../domain/person.ts';
import type { RequestSealed, Summary } from '../../domain/records.ts';
import { isoTime, SECOND, type EpochMs } from '../../domain/time.ts';
import { latenessWords } from '../../domain/words.ts';
import { LogError } from '../../log/errors.ts';
import { readReceipt, type Proven } from '../../log/receipt.ts';
import { CommandError, EXIT, json, type ExitCode, type Io } from '../io.ts';
import { plain } from '../table.ts';
import { sealedRecord } from './receipt.ts';
import { trustedKey } from './verify.ts';

export type VerifyReceiptOptions = { readonly workerKey: readonly string[]; readonly json: boolean };

/** What a receipt proves to whoever trusts the worker's key, with nothing else at hand. */
export async function verifyReceipt(
  file: string,
  { workerKey, json: asJson }: VerifyReceiptOptions,
  io: Io,
): Promise<ExitCode> {
  const keys = workerKey.map((key) => trustedKey('--worker-key', key));
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new CommandError(EXIT.usage, `${file} cannot be read`, { cause });
  });
  try {
    const proven = readReceipt(text, keys);
    const sealed = sealedRecord(proven.record);
    if (sealed === undefined)
      throw new LogError(
        'unknown-format',
        `it proves a ${proven.record.type} record, not the end of a request`,
      );
    if (asJson) io.out(json({ valid: true, file, ...proven }));
    else lines(file, proven, sealed).forEach((line) => io.out(plain(line)));
    return EXIT.ok;
  } catch (error) {
    if (!(error instanceof LogError)) throw error;
    const { code, message } = error;
    if (asJson) io.out(json({ valid: false, file, break: { code, text: message } }));
    else [`INVALID  ${file}`, `break    ${message} (${code})`].forEach((line) => io.out(plain(line)));
    return EXIT.bad;
  }
}

function lines(file: string, proven: Proven, { at, request, summary, records }: RequestSealed): string[] {
  const { origin, index, size, key, leafHash } = proven;
  return [
    `VALID    ${file}`,
    `request  ${request}: ${summary.outcome}`,
    `sealed   ${at}, as record ${index} of ${origin}`,
    ...story(summary).map(([name, value]) => `${name.padEnd(8)} ${value}`),
    `records  ${records.map((each) => each.index).join(', ')}`,
    `leaf     ${leafHash}`,
    `tree     ${size} records`,
    `key      ${key}`,
  ];
}

function story(summary: Summary): [name: string, value: string][] {
  const { workflow, requester, approvers, reason, incident, source, port, rules } = summary;
  const { openedAt, deadline, closedAt, connections, rotation } = summary;
  const window: [string, string][] =
    openedAt === null && closedAt === null
      ? []
      : [
          ['opened', openedAt === null ? 'never confirmed as open' : isoTime(openedAt)],
          ['rules', rules.length === 0 ? 'none' : rules.map(({ ruleId }) => ruleId).join(', ')],
          ['deadline', deadline === null ? 'none' : isoTime(deadline * SECOND)],
          ['closed', closedAt === null ? 'not' : closedText(closedAt, summary)],
          ['cut', connections ?? 'not'],
          ['rotated', rotation === null ? 'not' : `${rotation.before.serial} to ${rotation.after.serial}`],
        ];
  return [
    ['workflow', `${workflow.name} (${workflow.hash.slice(0, 12)})`],
    ['asked by', person(requester)],
    ['approved', approvers.length === 0 ? 'by nobody' : approvers.map(person).join(', ')],
    ['reason', reason],
    ['incident', incident.url],
    ['for', `tcp ${port} from ${source.address}`],
    ...window,
  ];
}

/** Of what somebody else has closed, nobody knows how late it was. */
const closedText = (at: EpochMs, { notLaterThan, latenessMs }: Summary): string =>
  notLaterThan ? `not later than ${isoTime(at)}` : `${isoTime(at)}, ${latenessWords(latenessMs)}`;

const person = ({ name, identity }: Person): string => `${name} (${identity.user})`;
