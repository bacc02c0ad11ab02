import type { Expected } from '../../log/reader.ts';
import { LogError } from '../../log/errors.ts';
import { CommandError, EXIT, json, type ExitCode, type Io } from '../io.ts';
import { table } from '../table.ts';
import { describe } from '../../evidence/describe.ts';
import { page } from './page.ts';
import { openStore, type OpenStore } from './open-store.ts';
import { isAbout, listed, sealed, tell, type Listed, type Told } from './stories.ts';
import { couldNot } from './verify.ts';

export type ShowOptions = {
  readonly folder?: string;
  readonly last: number;
  readonly json: boolean;
  readonly html: boolean;
};

/** Everything shown has been verified up to there; a log that breaks is shown up to its break, and said to be broken. */
export async function show(request: string | undefined, options: ShowOptions, io: Io): Promise<ExitCode> {
  const opened = await openStore(options.folder, io);
  try {
    if (request === undefined) return await list(opened, options, io);
    return await story(opened, request, options, io);
  } finally {
    opened.close();
  }
}

async function story(opened: OpenStore, request: string, options: ShowOptions, io: Io): Promise<ExitCode> {
  const told: Told[] = [];
  const broken = await read(opened, (one) => {
    if (isAbout(one, request)) told.push(one);
  });
  if (told.length === 0 && broken === undefined) {
    throw new CommandError(
      EXIT.bad,
      `${opened.where} has no record of ${request}; breakglass log show lists the requests`,
    );
  }
  if (options.html) {
    io.out(page(request, told).trimEnd());
  } else if (options.json) {
    io.out(json({ request, records: told.map(plainEntry), break: breakOf(broken) }));
  } else {
    table(['time (UTC)', 'after', 'what', 'who', 'detail'], timeline(told)).forEach(io.out);
  }
  return end(broken, io);
}

async function list(opened: OpenStore, options: ShowOptions, io: Io): Promise<ExitCode> {
  const requests = new Map<string, Listed>();
  const broken = await read(opened, ({ record }) => {
    if (record?.type === 'request.asked') requests.set(record.request, listed(record));
    const before = record?.type === 'request.sealed' ? requests.get(record.request) : undefined;
    if (before !== undefined && record?.type === 'request.sealed')
      requests.set(before.request, sealed(before, record));
  });
  const shown = [...requests.values()].slice(-options.last);
  if (options.json) {
    io.out(json({ total: requests.size, requests: shown, break: breakOf(broken) }));
  } else {
    const rows = shown.map(({ request, askedAt, workflow, requester, outcome }) => [
      request,
      askedAt,
      workflow,
      requester,
      outcome,
    ]);
    table(['request', 'asked (UTC)', 'workflow', 'by', 'outcome'], rows).forEach(io.out);
    io.out(`${shown.length} of ${requests.size} requests`);
  }
  return end(broken, io);
}

/** Where the log breaks, if it does; CommandError when the store does not answer. */
async function read(
  { store, origin, where }: OpenStore,
  take: (told: Told) => void,
): Promise<LogError | undefined> {
  const expected: Expected = origin === undefined ? {} : { origin };
  try {
    for await (const told of tell(store, expected)) take(told);
    return undefined;
  } catch (error) {
    const cannot = couldNot(error, where);
    if (!(cannot instanceof LogError)) throw cannot;
    if (cannot.code === 'no-log')
      throw new CommandError(EXIT.bad, `${where}: ${cannot.message}`, { cause: cannot });
    return cannot;
  }
}

function timeline(told: readonly Told[]): string[][] {
  const [first] = told;
  const start = first === undefined ? 0 : Date.parse(first.entry.record.at);
  return told.map(({ entry, record }) => {
    const { at, type, format } = entry.record;
    const time = at.replace('T', ' ').replace('Z', '');
    const after = `+${((Date.parse(at) - start) / 1000).toFixed(1)}s`;
    if (record === null) return [time, after, 'does not count', entry.role, `${type}, format ${format}`];
    const { what, who, detail } = describe(record);
    return [time, after, what, who, detail];
  });
}

function end(broken: LogError | undefined, io: Io): ExitCode {
  if (broken === undefined) return EXIT.ok;
  io.err(`The log does not hold: ${broken.message} (${broken.code}). What is shown stands before that.`);
  return EXIT.bad;
}

const plainEntry = ({ entry, record }: Told) => ({
  index: entry.index,
  commit: entry.commit,
  role: entry.role,
  counts: record !== null,
  record: entry.record,
});

const breakOf = (broken: LogError | undefined) =>
  broken === undefined ? null : { code: broken.code, commit: broken.commit ?? null, text: broken.message };
