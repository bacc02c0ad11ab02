import { describe } from '@jest/globals';

import { AccessError } from '../../src/ports/access.ts';
import { aWorkflow } from '../support/builders/workflow.ts';
import { FakeAccess } from '../support/fakes/fake-access.ts';
import { FakeClock } from '../support/fakes/fake-clock.ts';
import { accessContract } from './access.contract.ts';

describe('the access of the lifecycle tests', () => {
  accessContract(() => {
    const clock = new FakeClock();
    const access = new FakeAccess({ clock, deployment: 'test' });
    return Promise.resolve({
      access,
      target: aWorkflow().target,
      deployment: 'test',
      now: () => Math.floor(clock.now() / 1_000),
      addStanding: (rule) => Promise.resolve(access.addStanding(rule)),
      removeSwitch: (rule) => Promise.resolve(access.removeSwitch(rule)),
      loseAnswer: (call) =>
        access.faults.fail(call, 'after', new AccessError('unknown-outcome', 'no answer')),
      throttle: (call) => access.faults.fail(call, 'before', new AccessError('throttled', 'slow down')),
      end: () => Promise.resolve(),
    });
  });
});
