import { Option } from 'commander';

import type { RunRole } from '../../config/environment.ts';
import type { Register } from '../io.ts';

export const serveCommands: Register = (program, io, end) => {
  program
    .command('serve')
    .description('Run the bot, the worker, or both, with the settings in the environment')
    .addOption(
      new Option('--role <role>', 'what this process does').choices(['bot', 'worker', 'all']).default('all'),
    )
    .action(async ({ role }: { role: RunRole }) => {
      const { serve } = await import('./serve.ts');
      end(await serve(role, io));
    });
};
