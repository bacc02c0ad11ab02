import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import type { Access, AccessErrorCode } from '../../src/ports/access.ts';
import { Model, type Action } from '../support/lifecycle-model.ts';

/** The long form sets more; one run is one whole history. */
const RUNS = Number(process.env['PROPERTY_RUNS'] ?? 20);
/** What plays the same histories again; with the path that a failure prints, that one alone. */
const SEED = Number(process.env['PROPERTY_SEED'] ?? Date.now() % 2 ** 31);
const PATH = process.env['PROPERTY_PATH'];
const SAY_EVERY = 100;

const codes: AccessErrorCode[] = [
  'throttled',
  'unreachable',
  'unknown-outcome',
  'not-permitted',
  'rejected',
  'rule-limit',
];
const methods: (keyof Access)[] = [
  'skew',
  'arm',
  'isArmed',
  'isPinned',
  'pin',
  'open',
  'observe',
  'close',
  'keepUntil',
  'disarm',
  'observeOurs',
  'cutProblem',
  'cut',
  'observeCuts',
  'uncut',
];
/** What a closing cannot do without. */
const closing: (keyof Access)[] = ['observe', 'close', 'cut'];
const when = fc.constantFrom('before' as const, 'after' as const);
const inCalls = fc.nat(12);

const ask = fc.record({
  do: fc.constant('ask' as const),
  address: fc.nat(1),
  seconds: fc.constantFrom(20, 30, 60),
  again: fc.nat(4).map((chance) => chance === 0),
  approved: fc.nat(4).map((chance) => chance > 0),
});
const click = (verb: Extract<Action, { do: 'click' }>['verb']) =>
  fc.record({
    do: fc.constant('click' as const),
    verb: fc.constant(verb),
    who: fc.nat(3),
    request: fc.nat(2),
  });
const wait = fc.record({
  do: fc.constant('wait' as const),
  ms: fc.oneof(
    { weight: 4, arbitrary: fc.integer({ min: 50, max: 40_000 }) },
    { weight: 1, arbitrary: fc.integer({ min: 40_000, max: 120_000 }) },
  ),
});

const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 10, arbitrary: ask },
  { weight: 4, arbitrary: click('approve') },
  { weight: 1, arbitrary: click('deny') },
  { weight: 2, arbitrary: click('done') },
  { weight: 2, arbitrary: click('revoke') },
  { weight: 4, arbitrary: click('extend') },
  { weight: 4, arbitrary: click('approve-extension') },
  { weight: 1, arbitrary: click('deny-extension') },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('close-all' as const), who: fc.nat(3) }),
  },
  { weight: 10, arbitrary: wait },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('jump' as const),
      ms: fc.constantFrom(-3_600_000, -30_000, 30_000, 3_600_000),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('start' as const) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('kill' as const),
      worker: fc.nat(3),
      inCalls,
      arrivesAfterMs: fc.option(fc.integer({ min: 0, max: 90_000 })),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('kill-bot' as const), inCalls }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('freeze' as const),
      worker: fc.nat(3),
      inCalls,
      ms: fc.integer({ min: 1_000, max: 90_000 }),
      whole: fc.boolean(),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('dark' as const),
      ms: fc.oneof(fc.integer({ min: 1_000, max: 10_000 }), fc.integer({ min: 10_000, max: 240_000 })),
    }),
  },
  {
    weight: 5,
    arbitrary: fc
      .record({
        do: fc.constant('fail' as const),
        method: fc.oneof(
          { weight: 3, arbitrary: fc.constantFrom(...methods) },
          { weight: 1, arbitrary: fc.constantFrom(...closing) },
        ),
        when,
        code: fc.constantFrom(...codes),
        times: fc.oneof(fc.integer({ min: 1, max: 6 }), fc.constant(40)),
      })
      // Of a rule that AWS has made, an answer can be lost; that it made none it does not say.
      .map((fail) =>
        fail.method === 'open' && fail.when === 'after'
          ? { ...fail, code: 'unknown-outcome' as const }
          : fail,
      ),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('lag' as const), ms: fc.integer({ min: 0, max: 3_000 }) }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('log' as const), down: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('directory' as const), silent: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('remove-rule' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('remove-switch' as const) }) },
);

describe('whatever people, machines and AWS do', () => {
  test(
    'nothing opens undecided, nothing stays open, nobody else’s rule is touched, and every request is sealed once',
    async () => {
      let played = 0;
      const say = () => process.stdout.write(`properties: ${played} of ${RUNS} histories, seed ${SEED}\n`);
      await fc.assert(
        fc.asyncProperty(
          fc.array(action, { minLength: 5, maxLength: 40, size: 'max' }),
          fc.boolean(),
          async (actions, cuts) => {
            expect(await new Model({ cuts }).play(actions)).toEqual([]);
            played += 1;
            if (played % SAY_EVERY === 0) say();
          },
        ),
        // Making a history shorter takes minutes, and would end as a time-out: the seed is worth more.
        { numRuns: RUNS, seed: SEED, ...(PATH !== undefined && { path: PATH }), endOnFailure: true },
      );
      if (played % SAY_EVERY !== 0) say();
    },
    // Tenths of a second each on a quiet machine, seconds beside everything else.
    120_000 + RUNS * 3_000,
  );
});
