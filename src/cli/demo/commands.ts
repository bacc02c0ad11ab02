import { Option } from 'commander';

import type { Register } from '../io.ts';

export const demoCommands: Register = (program, io, end) => {
  program
    .command('demo')
    .description('Run the whole product with a local Slack, AWS and incident system, and a page to use it on')
    .option(
      '--auto',
      'let a script play the people, observe from outside, and say whether every promise held',
    )
    .addOption(
      new Option('--slack <mode>', 'how Slack reaches the bot').choices(['http', 'socket']).default('socket'),
    )
    .action(async ({ auto, slack }: { auto?: true; slack: 'http' | 'socket' }) => {
      if (auto === true) {
        const { autoDemo } = await import('./auto.ts');
        end(await autoDemo(io, slack));
      } else {
        const { demo } = await import('./demo.ts');
        end(await demo(io, slack));
      }
    });
};
