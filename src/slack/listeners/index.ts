import type { App } from '@slack/bolt';

import { describe } from '../errors.ts';
import type { Logger } from '../logger.ts';
import { listenForClicks } from './actions.ts';
import { listenForCommand } from './command.ts';
import { listenForForm } from './form.ts';
import { listenForRemovals } from './removals.ts';
import type { Verbs } from './verbs.ts';

export { verbsOf, type Verbs } from './verbs.ts';

/** Everything that comes in from Slack. */
export function listen(app: App, verbs: Verbs, logger: Logger): void {
  listenForCommand(app, verbs, logger);
  listenForForm(app, verbs, logger);
  listenForClicks(app, verbs, logger);
  listenForRemovals(app, verbs, logger);
  app.error(async (error) => {
    logger.error({ reason: describe(error), err: error }, 'a listener failed');
    return Promise.resolve();
  });
}
