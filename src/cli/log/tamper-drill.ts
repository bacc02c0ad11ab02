import { MemoryLogStore } from '../../log/index.ts';
import { EXIT, json, type ExitCode, type Io } from '../io.ts';
import { table } from '../table.ts';
import { DRILL, drillLog, type DrillLog } from './drill-log.ts';
import { DrillVersions, RETAIN_MS, STORED_AT, untouchedVersions, type Versions } from './drill-versions.ts';
import { TAMPERINGS, type Said, type Tampering } from './tampering.ts';
import { missingText } from './verdict.ts';
import { verifyKept, type Verification } from './verification.ts';

/** Commits after the first: enough for every way to alter them. */
const COMMITS = 20;

type Found = {
  readonly what: string;
  readonly detected: boolean;
  readonly code: string | null;
  readonly text: string | null;
};

/** Alters copies of a log in every way there is, and looks whether `log verify` finds it and says what it is. */
export async function tamperDrill({ json: asJson }: { readonly json: boolean }, io: Io): Promise<ExitCode> {
  const log = await drillLog(COMMITS);
  const untouched = await verified(log, log.objects, untouchedVersions());
  const found = await Promise.all(TAMPERINGS.map((tampering) => played(log, tampering)));
  const detected = found.filter((each) => each.detected).length;
  const ok = untouched.valid && detected === found.length;
  if (asJson) {
    io.out(json({ untouched: untouched.valid, detected, of: found.length, found }));
    return ok ? EXIT.ok : EXIT.bad;
  }
  const rows = found.map((each) => [
    each.detected ? 'found' : 'MISSED',
    each.what,
    each.text === null ? 'the log was taken for whole' : `${each.text} (${each.code})`,
  ]);
  table(['', 'what was done', 'what log verify says'], rows).forEach(io.out);
  io.out(`untouched, the log is ${untouched.valid ? 'valid' : 'NOT VALID'}`);
  io.out(`detected ${detected}/${found.length}`);
  return ok ? EXIT.ok : EXIT.bad;
}

async function played(log: DrillLog, { what, expected, alter }: Tampering): Promise<Found> {
  const objects = new Map(log.objects);
  const versions = untouchedVersions();
  await alter(objects, log, log.head.commit, versions);
  const found = await verified(log, objects, versions);
  const said = saidOf(found);
  const right = said.find(({ code }) => expected.includes(code));
  const { code = null, text = null } = right ?? said[0] ?? {};
  return { what, detected: !found.valid && right !== undefined, code, text };
}

const saidOf = ({ firstBreak, missing, meaning, retention }: Verification): Said[] => [
  ...(firstBreak === undefined ? [] : [firstBreak]),
  ...(missing === undefined ? [] : [{ code: 'missing' as const, text: missingText(missing) }]),
  ...meaning.doubts,
  ...(retention?.doubts ?? []),
];

/** As an auditor would, with the keys and one checkpoint that was kept elsewhere. */
function verified(
  { keys, head }: DrillLog,
  objects: ReadonlyMap<string, Uint8Array>,
  versions: Versions,
): Promise<Verification> {
  const store = new MemoryLogStore();
  for (const [key, bytes] of objects) store.objects.set(key, bytes);
  const kept = { store, versions: new DrillVersions(objects, versions), now: STORED_AT, retainMs: RETAIN_MS };
  return verifyKept(kept, {
    origin: DRILL,
    trustedKeys: keys,
    contains: [head],
  });
}
