import type { CutEntry, Target } from '../domain/rule.ts';
import type { EpochSeconds } from '../domain/time.ts';
import type { Clock } from '../ports/clock.ts';
import type { AwsClients } from './clients.ts';
import { differences, nameOfOurs, ownerText, type Schedule, shots } from './schedule.ts';
import { Schedules } from './schedules.ts';

/**
 * The removal of a deny entry, as a schedule like the switch: an ACL's number is free again even if nothing of ours is
 * alive. One for each number of each ACL, armed before the entry is made. What changes one answers the AWS requests that did.
 * Every method throws AccessError.
 */
export class NetworkAclRemoval {
  readonly #deployment: string;
  readonly #schedules: Schedules;

  constructor(options: { readonly clients: AwsClients; readonly deployment: string; readonly clock: Clock }) {
    this.#deployment = options.deployment;
    this.#schedules = new Schedules(options);
  }

  /** From `until`, rounded up to the minute. Moves the one of this number, whichever entry it was for. */
  arm(target: Target, entry: CutEntry, until: EpochSeconds): Promise<string[]> {
    return this.#schedules.put(target, removalOf(this.#deployment, target, entry, until));
  }

  async isArmed(target: Target, entry: CutEntry, until: EpochSeconds): Promise<boolean> {
    const wanted = removalOf(this.#deployment, target, entry, until);
    const read = await this.#schedules.read(target, wanted.Name);
    return read !== undefined && differences(read, wanted).length === 0;
  }

  /** Only while it is for this entry: the number may have gone to another one, whose removal this would be. */
  async disarm(target: Target, entry: CutEntry): Promise<string[]> {
    const name = removalName(this.#deployment, target, entry);
    const read = await this.#schedules.read(target, name);
    const isFor = read?.Description === `${ownerText(this.#deployment)}${purposeOf(entry)}`;
    return isFor ? this.#schedules.remove(target, name) : [];
  }
}

/** EC2, DeleteNetworkAclEntry: the number and the direction are all it takes, so the number has to be ours alone. */
export const removalOf = (
  deployment: string,
  target: Target,
  entry: CutEntry,
  until: EpochSeconds,
): Schedule =>
  shots(deployment, target, until, {
    name: removalName(deployment, target, entry),
    purpose: purposeOf(entry),
    action: 'deleteNetworkAclEntry',
    input: { NetworkAclId: entry.acl, RuleNumber: entry.ruleNumber, Egress: false },
  });

const removalName = (
  deployment: string,
  { account, region }: Target,
  { acl, ruleNumber }: CutEntry,
): string => nameOfOurs(deployment, ['cut', account, region, acl, ruleNumber].join('|'));

const purposeOf = ({ acl, ruleNumber, port, address }: CutEntry): string =>
  `removes rule ${ruleNumber} of ${acl}, which denies tcp ${port} from ${address}`;
