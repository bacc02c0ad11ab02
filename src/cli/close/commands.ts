import { withPlaces, type PlaceOptions } from '../places.ts';
import type { Register } from '../io.ts';

type Options = PlaceOptions & { readonly dryRun?: true; readonly json?: true };

const DRY_RUN = ['--dry-run', 'look only: list what would be closed'] as const;
const JSON_OUTPUT = ['--json', 'print the result as JSON'] as const;

const AFTER = `
Needs AWS credentials, wherever the AWS SDK finds them, with ec2:DescribeSecurityGroupRules and
ec2:RevokeSecurityGroupIngress; no log, no Redis, no Slack. Asks nothing. Tries until AWS has shown for several seconds
that the rules are gone, or Ctrl-C. Established connections are not cut.

Exit codes: 0 closed, or nothing was open · 1 something is open · 2 usage or configuration · 3 could not look`;

export const closeCommands: Register = (program, io, end) => {
  withPlaces(
    program.command('close-all').description('Close every rule that carries the tag of a deployment, now'),
  )
    .option(...DRY_RUN)
    .option(...JSON_OUTPUT)
    .addHelpText('after', AFTER)
    .action(async (options: Options) => {
      const { closeAll } = await import('./close-rules.ts');
      end(await closeAll(flags(options), io));
    });

  withPlaces(
    program
      .command('close')
      .description('Close the rules that carry the tag of one request, now')
      .argument('<request>', 'such as bg-0123456789'),
  )
    .option(...DRY_RUN)
    .option(...JSON_OUTPUT)
    .addHelpText('after', AFTER)
    .action(async (request: string, options: Options) => {
      const { closeRequest } = await import('./close-rules.ts');
      end(await closeRequest(request, flags(options), io));
    });
};

const flags = ({ dryRun, json, ...places }: Options) => ({
  ...places,
  dryRun: dryRun === true,
  json: json === true,
});
