import { beforeAll, describe, expect, test } from '@jest/globals';
import { judgeWindow } from '../../../src/cli/demo/auto.ts';
import { FakeOutside, type Lie } from '../../support/fakes/fake-outside.ts';

/** Lie -> the observations that must not hold because of it, in order; every other one must. */
const CAUGHT: Readonly<Record<Lie, readonly string[]>> = {
  'stands open before anybody asks': ['closed: nobody outside', 'closed: the requester’s own approval'],
  'cannot be probed': ['closed: nobody outside', 'closed: the requester’s own approval'],
  'takes any address': ['refused: 0.0.0.0/0'],
  'opens on the requester’s own approval': ['closed: the requester’s own approval'],
  'never arms': ['armed: '],
  'arms after it opened': ['armed: '],
  'arms for an hour later': ['armed: '],
  'says open and is not': ['open: to 203.0.113.7', 'closed: -0.', 'cut: '],
  'opens to everybody': ['closed: to 203.0.113.9'],
  'closes a second and a half late': ['closed: 1.'],
  'closes early': ['closed: -0.'],
  'leaves connections alive': ['cut: '],
  'keeps its certificate': ['rotated: AA:AA:AA:AA was served, now AA:AA:AA:AA'],
  'serves no certificate': ['rotated: AA:AA:AA:AA was served, now nothing'],
  'leaves its rule': ['left over: '],
  'leaves its switch': ['left over: '],
  'removes a rule of somebody else': ['left over: '],
  'has a log that does not verify': ['verified: 20 records'],
  'has an empty log': ['verified: 0 records'],
};
const LIES = Object.keys(CAUGHT) as Lie[];
const OBSERVATIONS = 11;

type Played = {
  readonly exit: number;
  readonly lines: readonly string[];
  readonly failed: readonly string[];
};

describe('the story that --auto plays', () => {
  let honest: Played;
  let dishonest: ReadonlyMap<Lie, Played>;

  // Each takes the seconds of its window: all of them at the same time.
  beforeAll(async () => {
    const [first, ...rest] = await Promise.all([play(), ...LIES.map(play)]);
    honest = first;
    dishonest = new Map(rest.map((played, position) => [LIES[position] as Lie, played]));
  });

  test('holds to its end where every promise is kept', () => {
    expect(honest.failed).toEqual([]);
    expect(honest.lines.at(-1)).toMatch(/^closed 0\.\d\d s after the deadline, 11 of 11 observations held$/);
    expect(honest.exit).toBe(0);
  });

  test.each(LIES)('fails, with exit code 1, by exactly what is wrong when the product %s', (lie) => {
    const { failed, lines, exit } = dishonest.get(lie) as Played;

    expect(failed).toEqual(CAUGHT[lie].map((text) => expect.stringContaining(text)));
    expect(lines.at(-1)).toContain(`${OBSERVATIONS - failed.length} of ${OBSERVATIONS} observations held`);
    expect(exit).toBe(1);
  });

  test('has no observation that cannot fail', () => {
    const caught = new Set([...dishonest.values()].flatMap(({ failed }) => failed.map(withoutNumbers)));

    expect([...observed(honest)].filter((each) => !caught.has(each))).toEqual([]);
    expect(observed(honest).size).toBe(OBSERVATIONS);
  });

  test('fails, and says what did not come, when the product stops in the middle', async () => {
    const outside = new FakeOutside();
    outside.submit = async () => ({ ok: false, errors: { 'block-0': 'No.' } });

    const { lines, exit } = await playOn(outside);

    expect(lines.at(-2)).toMatch(/FAIL {7}to its end: the form was refused: No\.$/);
    expect(lines.at(-1)).toBe('stopped in the middle, 2 of 3 observations held');
    expect(exit).toBe(1);
  });
});

const play = (lie?: Lie): Promise<Played> => playOn(new FakeOutside(lie));

async function playOn(outside: FakeOutside): Promise<Played> {
  const lines: string[] = [];
  const exit = await judgeWindow(outside, { out: (line) => lines.push(line), err: () => {} });
  const failed = lines.flatMap((line) => /^ +\+\S+ {2}FAIL +(.*)$/.exec(line)?.[1] ?? []);
  return { exit, lines, failed };
}

const observed = ({ lines }: Played): Set<string> =>
  new Set(
    lines.flatMap((line) => /^ +\+\S+ {2}(?:ok|FAIL) +(.*)$/.exec(line)?.[1] ?? []).map(withoutNumbers),
  );

/** Which observation it is, whatever it measured. */
const withoutNumbers = (line: string): string =>
  line
    .replace(/-?\d+\.\d\d s after/, 'N s after')
    .replace(/for -?\d+ s/, 'for N s')
    .replace(/\d+ records in \d+/, 'N records in N')
    .replace(/(refused: 0\.0\.0\.0\/0).*/, '$1')
    .replace(/(rotated).*/, '$1');
