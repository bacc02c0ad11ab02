import { Option, type Command } from 'commander';

import type { Place } from '../domain/rule.ts';
import type { Access } from '../ports/access.ts';
import { CommandError, EXIT, type Io } from './io.ts';
import { systemClock } from './system-clock.ts';

/** Which deployment's rules, and where and as whom to look for them. */
export type PlaceOptions = {
  readonly deployment?: string;
  readonly region: readonly string[];
  readonly roleArn?: string;
};

/** Adds the options that every command on rules has. */
export const withPlaces = (command: Command): Command =>
  command
    .option('--deployment <name>', 'whose rules (default: BREAKGLASS_DEPLOYMENT)')
    .addOption(
      new Option('--region <region>', 'where to look; may be repeated')
        .argParser<readonly string[]>((region, before) => [...before, region])
        .default([], 'AWS_REGION'),
    )
    .option('--role-arn <arn>', 'take on this role first, as the worker does');

export type OpenPlaces = {
  readonly deployment: string;
  readonly places: readonly Place[];
  readonly access: Pick<Access, 'observe' | 'observeOurs' | 'close'>;
  end(): void;
};

/** AWS with the caller's own credentials, wherever the SDK finds them. ConfigError; CommandError for an ARN that is none. */
export async function openPlaces({ deployment, region, roleArn }: PlaceOptions, io: Io): Promise<OpenPlaces> {
  const account = accountOf(roleArn);
  const named = { ...(deployment === undefined ? {} : { deployment }), regions: region };
  const [{ loadRuleAccess }, { AwsClients }, { Ec2Access }] = await Promise.all([
    import('../config/load-config.ts'),
    import('../aws/clients.ts'),
    import('../aws/ec2-access.ts'),
  ]);
  const rules = loadRuleAccess(named, io.env === undefined ? {} : { env: io.env });
  const clients = new AwsClients({
    deployment: rules.deployment,
    credentials: rules.aws,
    asOurselves: roleArn === undefined,
  });
  return {
    deployment: rules.deployment,
    places: rules.regions.map((each) => ({ account, region: each, roleArn: roleArn ?? '' })),
    access: new Ec2Access({ clients, deployment: rules.deployment, clock: systemClock }),
    end: () => clients.destroy(),
  };
}

/** With credentials of one's own the account is whatever they are of: nothing here has to know it. */
function accountOf(roleArn: string | undefined): string {
  if (roleArn === undefined) return '';
  const account = /^arn:aws[a-z-]*:iam::(\d{12}):role\/[\w+=,.@/-]+$/.exec(roleArn)?.[1];
  if (account === undefined)
    throw new CommandError(EXIT.usage, '--role-arn must be the ARN of an IAM role, arn:aws:iam::…:role/…');
  return account;
}
