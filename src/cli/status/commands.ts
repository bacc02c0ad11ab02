import type { Register } from '../io.ts';
import { withPlaces, type PlaceOptions } from '../places.ts';

const AFTER = `
Needs AWS credentials with ec2:DescribeSecurityGroupRules. Where BREAKGLASS_LOG_BUCKET is set and can be read, it also says
whose each rule is and what else is under way; without the log the tags alone speak.

Exit codes: 0 nothing is overdue · 1 something is overdue or unknown · 2 usage or configuration · 3 could not look`;

export const statusCommands: Register = (program, io, end) => {
  withPlaces(
    program.command('status').description('Show what is open, by what AWS itself says, and until when'),
  )
    .option('--json', 'print the result as JSON')
    .addHelpText('after', AFTER)
    .action(async ({ json, ...places }: PlaceOptions & { json?: true }) => {
      const { status } = await import('./status.ts');
      end(await status({ ...places, json: json === true }, io));
    });
};
