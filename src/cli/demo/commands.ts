import { Option } from 'commander';

import { CommandError, EXIT, type Register } from '../io.ts';
import type { Delivery } from './environment.ts';

type Options = { auto: boolean; fresh: boolean; slack: Delivery; folder?: string };

export const demoCommands: Register = (program, io, end) => {
  program
    .command('demo')
    .description('Run the whole product with a local Slack, AWS and incident system, and a page to use it on')
    .option(
      '--auto',
      'let a script play the people, observe from outside, and say whether every promise held',
      false,
    )
    .addOption(
      new Option('--slack <mode>', 'how Slack reaches the bot').choices(['http', 'socket']).default('socket'),
    )
    .option('--folder <path>', 'where the state is kept (default: below .cache/demo)')
    .option('--fresh', 'forget the state that is there', false)
    .action(async ({ auto, slack: delivery, ...state }: Options) => {
      if (auto && (state.fresh || state.folder !== undefined))
        throw new CommandError(
          EXIT.usage,
          '--auto always plays in a new world: leave out --folder and --fresh.',
        );
      if (auto) {
        const { autoDemo } = await import('./auto.ts');
        end(await autoDemo(io, delivery));
      } else {
        const { demo } = await import('./demo.ts');
        end(await demo(io, { delivery, ...state }));
      }
    });
};
