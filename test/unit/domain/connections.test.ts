import { expect, test } from '@jest/globals';

import { connectionsIn, type Flow } from '../../../src/domain/connections.ts';

const UNTIL = 1_000_000_000;
const OVER = UNTIL / 1_000;

const flow = (change: Partial<Flow> = {}): Flow => ({
  interface: 'eni-1',
  source: '203.0.113.7',
  sourcePort: 50_000,
  destination: '10.20.1.10',
  start: OVER - 600,
  end: OVER - 540,
  packets: 10,
  bytes: 1_000,
  ...change,
});

test('intervals of one connection are one connection', () => {
  const later = flow({ start: OVER - 540, end: OVER - 480, packets: 5, bytes: 500 });

  const { seen, total, complete } = connectionsIn([later, flow()], UNTIL, []);

  expect(seen).toEqual([{ ...flow(), end: OVER - 480, packets: 15, bytes: 1_500, alive: false }]);
  expect(total).toEqual({ connections: 1, packets: 15, bytes: 1_500, alive: 0 });
  expect(complete).toBe(true);
});

test('connections differ by interface, addresses or source port, and come in the order in which they began', () => {
  const flows = [
    flow({ sourcePort: 50_001, start: OVER - 100 }),
    flow({ interface: 'eni-2', start: OVER - 200 }),
    flow({ destination: '10.20.1.11', start: OVER - 300 }),
    flow(),
  ];

  const { seen } = connectionsIn(flows, UNTIL, []);

  expect(seen.map(({ start }) => OVER - start)).toEqual([600, 300, 200, 100]);
});

test('one that moves packets more than a minute after the close is alive, and comes first', () => {
  const flows = [
    flow(),
    flow({ sourcePort: 50_001, end: OVER + 61 }),
    flow({ sourcePort: 50_002, end: OVER + 60 }),
  ];

  const { seen, total } = connectionsIn(flows, UNTIL, []);

  expect(seen.map(({ sourcePort, alive }) => [sourcePort, alive])).toEqual([
    [50_001, true],
    [50_000, false],
    [50_002, false],
  ]);
  expect(total.alive).toBe(1);
});

test('one that began after the close is of another window', () => {
  expect(connectionsIn([flow({ start: OVER + 61, end: OVER + 62 })], UNTIL, []).seen).toEqual([]);
});

test('a hundred are listed and all are counted', () => {
  const flows = Array.from({ length: 150 }, (_, index) => flow({ sourcePort: index }));

  const { seen, total } = connectionsIn(flows, UNTIL, []);

  expect([seen.length, total.connections, total.bytes]).toEqual([100, 150, 150_000]);
});

test('with a gap it is not complete', () => {
  const gaps = [{ why: 'skipped', text: 'AWS has skipped records' }] as const;

  expect(connectionsIn([], UNTIL, gaps)).toMatchObject({ complete: false, gaps });
});
