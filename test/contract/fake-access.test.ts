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
    const { network } = access;
    const { target } = aWorkflow();
    const groups = [target.securityGroups[0] ?? '', 'sg-0fedcba9876543210', 'sg-0eeeeeeeeeeeeeeee'] as const;
    network.acls.set(groups[0], ['acl-1', 'acl-2']).set(groups[1], ['acl-2']).set(groups[2], []);
    return Promise.resolve({
      access,
      target,
      deployment: 'test',
      now: () => Math.floor(clock.now() / 1_000),
      addStanding: (rule) => Promise.resolve(access.addStanding(rule)),
      removeSwitch: (rule) => Promise.resolve(access.removeSwitch(rule)),
      network: {
        acls: ['acl-1', 'acl-2'],
        groups,
        entries: () =>
          Promise.resolve(
            network.entries.map(({ acl, ruleNumber, port, address }) => ({ acl, ruleNumber, port, address })),
          ),
        removals: () => Promise.resolve([...network.removals.keys()]),
        addByHand: (entry, shape) => Promise.resolve(network.add(entry, shape === 'foreign')),
        forgetAfter: (seconds) => Promise.resolve((network.forgetsAfter = seconds)),
      },
      loseAnswer: (call) =>
        access.faults.fail(call, 'after', new AccessError('unknown-outcome', 'no answer')),
      throttle: (call) => access.faults.fail(call, 'before', new AccessError('throttled', 'slow down')),
      end: () => Promise.resolve(),
    });
  });
});
