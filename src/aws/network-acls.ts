import { createHash } from 'node:crypto';

import {
  CreateNetworkAclEntryCommand,
  DeleteNetworkAclEntryCommand,
  type DeleteNetworkAclEntryCommandOutput,
  type EC2Client,
} from '@aws-sdk/client-ec2';

import type { CutEntry, Place, Rule, RuleNumbers, Target } from '../domain/rule.ts';
import type { EpochSeconds } from '../domain/time.ts';
import { AccessError, type ChangeListener, type Cutting } from '../ports/access.ts';
import type { Clock } from '../ports/clock.ts';
import type { AwsClients, Pair } from './clients.ts';
import { accessError, nameOf } from './errors.ts';
import { NetworkAclRemoval } from './network-acl-removal.ts';
import { cutEntryOf, cutsIn, denies, entryInput } from './network-acls-entry.ts';
import { type Acl, aclsTo, readAcl, readPaths } from './network-acls-paths.ts';
import { problemsOf } from './network-acls-problems.ts';
import { timeLimit } from './time-limit.ts';

/** A change is given up after this long, and its outcome is unknown then. */
const CHANGE_MS = 5_000;
/** Describe may lag behind a number that is already taken: looked at so often, so far apart. */
const LOOK_AGAIN_AFTER_MS = [250, 500, 1_000, 2_000, 4_000];

const TAKEN = 'NetworkAclEntryAlreadyExists';
/** A deleted ACL took its entries with it. */
const GONE: ReadonlySet<string> = new Set([
  'InvalidNetworkAclEntry.NotFound',
  'InvalidNetworkAclID.NotFound',
]);

type Wanted = {
  readonly target: Target;
  readonly numbers: RuleNumbers;
  readonly port: number;
  readonly address: string;
  readonly until: EpochSeconds;
  readonly changed: ChangeListener;
};

/**
 * Deny entries of network ACLs, which are stateless: a new one ends established connections as well (Amazon EC2 user guide,
 * connection tracking). Every method throws AccessError.
 */
export class NetworkAcls {
  readonly #clients: AwsClients;
  readonly #clock: Clock;
  readonly #removal: NetworkAclRemoval;
  /** Numbers that this process is about to use, by ACL and number: for which host. */
  readonly #claims = new Map<string, string>();

  constructor(options: { readonly clients: AwsClients; readonly deployment: string; readonly clock: Clock }) {
    this.#clients = options.clients;
    this.#clock = options.clock;
    this.#removal = new NetworkAclRemoval(options);
  }

  async problem(
    target: Target,
    rules: readonly Rule[],
    others: readonly Rule[],
  ): Promise<string | undefined> {
    if (target.cut === null) return undefined;
    const groups = [...rules, ...others].map(({ group }) => group);
    const paths = await readPaths(this.#ec2(target).read, groups);
    const problems = problemsOf(paths, target.cut, rules, others);
    return problems.length === 0 ? undefined : problems.join(' ');
  }

  async cut(
    target: Target,
    rules: readonly Rule[],
    until: EpochSeconds,
    inUse: readonly Rule[],
    changed: ChangeListener,
  ): Promise<Cutting> {
    const { cut: numbers } = target;
    const [rule] = rules;
    if (numbers === null || rule === undefined) return { entries: [], spared: false };
    const groups = rules.map(({ group }) => group);
    const keeping = inUse.map(({ group }) => group);
    const paths = await readPaths(this.#ec2(target).read, [...groups, ...keeping]);
    const leading = aclsTo(paths, groups);
    const kept = new Set(aclsTo(paths, keeping).map(({ id }) => id));
    const wanted = { target, numbers, port: rule.port, address: rule.address, until, changed };
    const acls = leading.filter(({ id }) => !kept.has(id));
    const done = await Promise.allSettled(acls.map((acl) => this.#cutIn(acl, wanted)));
    const failed = done.find((one) => one.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
    const entries = done.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    return { entries, spared: acls.length < leading.length };
  }

  async observe(target: Target): Promise<CutEntry[]> {
    const { cut: numbers, securityGroups } = target;
    if (numbers === null) return [];
    const { acls } = await readPaths(this.#ec2(target).read, securityGroups);
    return acls.flatMap((acl) => cutsIn(acl, numbers));
  }

  async uncut(target: Target, entry: CutEntry, changed: ChangeListener): Promise<void> {
    const acl = await readAcl(this.#ec2(target).read, entry.acl);
    const standing = acl?.ingress.find(({ ruleNumber }) => ruleNumber === entry.ruleNumber);
    const there = acl && standing && cutEntryOf(acl, standing);
    const isThere = there !== undefined && denies(there) === denies(entry);
    if (isThere) changed('entry', await this.#delete(target, entry));
    changed('schedule', await this.#removal.disarm(target, entry));
  }

  /** One number after another, until the entry is there. */
  async #cutIn(first: Acl, wanted: Wanted): Promise<CutEntry> {
    const taken = new Set<number>();
    for (let acl = first; ;) {
      const there = cutsIn(acl, wanted.numbers).find((one) => denies(one) === denies(wanted));
      const entry = there ?? this.#freeEntry(acl, wanted, taken);
      const claim = `${entry.acl} ${entry.ruleNumber}`;
      this.#claims.set(claim, denies(wanted));
      const isOurs = await this.#make(wanted, entry, there !== undefined).finally(() =>
        this.#claims.delete(claim),
      );
      if (isOurs) return entry;
      taken.add(entry.ruleNumber);
      acl = await this.#whoTook(acl, wanted, entry);
    }
  }

  /**
   * Arms the removal first, then makes the entry; false where the number is taken. One that describe, which lags, still shows
   * may have been removed since.
   */
  async #make({ target, until, changed }: Wanted, entry: CutEntry, isThere: boolean): Promise<boolean> {
    changed('schedule', await this.#removal.arm(target, entry, until));
    const made = await this.#create(target, entry);
    if (made === undefined && !isThere) return false;
    changed('entry', made ?? []);
    // Another worker that tried this number for another host may have moved the removal to its entry.
    const isArmed = await this.#removal.isArmed(target, entry, until);
    if (!isArmed) changed('schedule', await this.#removal.arm(target, entry, until));
    return true;
  }

  /** The AWS request that made it; undefined where the number is taken. */
  async #create(place: Place, entry: CutEntry): Promise<string[] | undefined> {
    const command = new CreateNetworkAclEntryCommand(entryInput(entry));
    try {
      return requestOf(await this.#ec2(place).change.send(command, timeLimit(CHANGE_MS)));
    } catch (error) {
      if (nameOf(error) === TAKEN) return undefined;
      throw accessError(error, 'change', `deny ${entry.address} tcp ${entry.port} in ${entry.acl}`);
    }
  }

  /** The ACL once it shows what has the number. Where that is somebody else's, what was armed must not remove it. */
  async #whoTook(before: Acl, { target, changed }: Wanted, entry: CutEntry): Promise<Acl> {
    let acl = before;
    for (const wait of LOOK_AGAIN_AFTER_MS) {
      await this.#clock.pause(wait);
      acl = (await readAcl(this.#ec2(target).read, entry.acl)) ?? acl;
      const standing = acl.ingress.find(({ ruleNumber }) => ruleNumber === entry.ruleNumber);
      if (standing === undefined) continue;
      const isOther = cutEntryOf(acl, standing) === undefined;
      if (isOther) changed('schedule', await this.#removal.disarm(target, entry));
      break;
    }
    return acl;
  }

  /** The AWS request that removed it; none where it was gone. */
  async #delete(place: Place, { acl, ruleNumber }: CutEntry): Promise<string[]> {
    const command = new DeleteNetworkAclEntryCommand({
      NetworkAclId: acl,
      RuleNumber: ruleNumber,
      Egress: false,
    });
    try {
      return requestOf(await this.#ec2(place).change.send(command, timeLimit(CHANGE_MS)));
    } catch (error) {
      if (!GONE.has(nameOf(error))) throw accessError(error, 'change', `remove rule ${ruleNumber} of ${acl}`);
      return [];
    }
  }

  #ec2(place: Place): Pair<EC2Client> {
    return this.#clients.at(place).ec2;
  }

  /**
   * The first free number from this host's own one on: workers that cut many hosts at once do not all try the same, and
   * those that cut the same host do.
   */
  #freeEntry(acl: Acl, { numbers, port, address }: Wanted, taken: ReadonlySet<number>): CutEntry {
    const own = denies({ port, address });
    const used = new Set(acl.ingress.map(({ ruleNumber }) => ruleNumber));
    const isFree = (ruleNumber: number): boolean =>
      !used.has(ruleNumber) &&
      !taken.has(ruleNumber) &&
      (this.#claims.get(`${acl.id} ${ruleNumber}`) ?? own) === own;
    const count = numbers.last - numbers.first + 1;
    const start = createHash('sha256').update(own).digest().readUInt32BE() % count;
    const order = Array.from({ length: count }, (_, i) => numbers.first + ((start + i) % count));
    const ruleNumber = order.find(isFree);
    if (ruleNumber !== undefined) return { acl: acl.id, ruleNumber, port, address };
    throw new AccessError(
      'acl-full',
      `could not deny ${address} tcp ${port} in ${acl.id}: none of its rule numbers ${numbers.first}-${numbers.last} is free`,
    );
  }
}

const requestOf = ({ $metadata }: Pick<DeleteNetworkAclEntryCommandOutput, '$metadata'>): string[] =>
  $metadata.requestId === undefined ? [] : [$metadata.requestId];
