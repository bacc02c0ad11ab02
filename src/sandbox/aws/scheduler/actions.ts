import { isDeepStrictEqual } from 'node:util';
import { AWS_WORLD } from '../../world.ts';
import { AwsError } from '../error.ts';
import { PASSABLE_ROLES, ROLE_TRUST, isAdmin } from '../identities.ts';
import type { CallContext } from '../service.ts';
import type { Firing } from './firing.ts';
import { type Schedule, firstShotAt } from './schedule.ts';
import type { Schedules } from './schedules.ts';
import { type ScheduleRequest, checkName, invalid, parseSchedule } from './validation.ts';

type Json = Readonly<Record<string, unknown>>;

const GROUPS: readonly string[] = ['default', AWS_WORLD.scheduleGroup];
/** How many delete tokens are remembered, so that a repeated delete answers as the first did. */
const MAX_DELETE_TOKENS = 10_000;

/** The actions of EventBridge Scheduler on schedules; answers are the JSON bodies. */
export class ScheduleActions {
  readonly #schedules: Schedules;
  readonly #firing: Firing;
  readonly #minuteMs: number;
  readonly #deleteTokens = new Set<string>();

  constructor(schedules: Schedules, firing: Firing, minuteMs: number) {
    this.#schedules = schedules;
    this.#firing = firing;
    this.#minuteMs = minuteMs;
  }

  /** The same token with the same parameters answers again; any other schedule of that name is a conflict. */
  async create(name: string, body: Json, context: CallContext): Promise<Json> {
    const request = parseSchedule(name, body, context.now);
    this.#checkTarget(request, context);
    const arn = arnOf(request.group, name, context);
    const existing = this.#schedules.get(arn);
    if (existing !== undefined) {
      const repeated = existing.clientToken !== undefined && existing.clientToken === request.clientToken;
      if (repeated && sameRequest(existing, request)) return { ScheduleArn: arn };
      throw new AwsError('ConflictException', `Schedule ${name} already exists.`, 409);
    }
    const { now, account, region } = context;
    const { clientToken, ...rest } = request;
    await this.#start(
      { ...rest, clientToken, arn, account, region, createdAt: now, modifiedAt: now, nextShot: 0 },
      now,
    );
    return { ScheduleArn: arn };
  }

  get(name: string, group: string, context: CallContext): Json {
    const schedule = this.#require(name, group, context);
    return {
      Arn: schedule.arn,
      GroupName: schedule.group,
      Name: schedule.name,
      ScheduleExpression: schedule.expression.text,
      ScheduleExpressionTimezone: schedule.timezone,
      ...(schedule.startDate !== undefined && { StartDate: schedule.startDate / 1000 }),
      ...(schedule.endDate !== undefined && { EndDate: schedule.endDate / 1000 }),
      ...(schedule.description !== undefined && { Description: schedule.description }),
      State: schedule.state,
      CreationDate: schedule.createdAt / 1000,
      LastModificationDate: schedule.modifiedAt / 1000,
      Target: schedule.target,
      FlexibleTimeWindow: schedule.flexibleTimeWindow,
      ActionAfterCompletion: schedule.actionAfterCompletion,
    };
  }

  /** Replaces everything: what is left out goes back to its default. */
  async update(name: string, body: Json, context: CallContext): Promise<Json> {
    const request = parseSchedule(name, body, context.now);
    this.#checkTarget(request, context);
    const existing = this.#require(name, request.group, context);
    const { arn, account, region, createdAt, clientToken } = existing;
    const sameTimes =
      existing.startDate === request.startDate && existing.expression.text === request.expression.text;
    // modifiedAt also tells a running retry that its schedule changed, so it must differ.
    const modifiedAt = Math.max(context.now, existing.modifiedAt + 1);
    const changed = { ...request, clientToken, arn, account, region, createdAt, modifiedAt };
    await this.#start({ ...changed, nextShot: sameTimes ? existing.nextShot : 0 }, context.now);
    return { ScheduleArn: arn };
  }

  async delete(name: string, group: string, clientToken: string | null, context: CallContext): Promise<Json> {
    const arn = arnOf(group, name, context);
    if (clientToken !== null && this.#deleteTokens.has(`${arn} ${clientToken}`)) return {};
    const schedule = this.#require(name, group, context);
    if (clientToken !== null) {
      if (this.#deleteTokens.size >= MAX_DELETE_TOKENS) this.#deleteTokens.clear();
      this.#deleteTokens.add(`${arn} ${clientToken}`);
    }
    const removed = this.#schedules.remove(schedule);
    this.#firing.plan(arn);
    await removed;
    return {};
  }

  list(query: URLSearchParams, context: CallContext): Json {
    const limit = Number(query.get('MaxResults') ?? 100);
    if (!(Number.isInteger(limit) && limit >= 1 && limit <= 100))
      throw invalid('MaxResults must be from 1 to 100');
    const after = Buffer.from(query.get('NextToken') ?? '', 'base64').toString('utf8');
    const matching = this.#schedules
      .all()
      .filter(({ account, region }) => account === context.account && region === context.region)
      .filter(({ group }) => group === (query.get('ScheduleGroup') ?? group))
      .filter(({ state }) => state === (query.get('State') ?? state))
      .filter(({ name }) => name.startsWith(query.get('NamePrefix') ?? ''))
      .filter(({ arn }) => arn > after)
      .toSorted((a, b) => (a.arn < b.arn ? -1 : 1));
    const page = matching.slice(0, limit);
    const last = page.at(-1);
    return {
      Schedules: page.map((schedule) => ({
        Arn: schedule.arn,
        Name: schedule.name,
        GroupName: schedule.group,
        State: schedule.state,
        CreationDate: schedule.createdAt / 1000,
        LastModificationDate: schedule.modifiedAt / 1000,
        Target: { Arn: schedule.target.Arn },
      })),
      ...(last !== undefined &&
        page.length < matching.length && { NextToken: Buffer.from(last.arn).toString('base64') }),
    };
  }

  async #start(schedule: Schedule, now: number): Promise<void> {
    const nextShot = Math.max(schedule.nextShot, firstShotAt(schedule, now, this.#minuteMs));
    const stored = this.#schedules.put({ ...schedule, nextShot });
    this.#firing.plan(schedule.arn);
    await stored;
  }

  #require(name: string, group: string, context: CallContext): Schedule {
    const schedule = this.#schedules.get(
      arnOf(checkName(group, 'groupName'), checkName(name, 'name'), context),
    );
    if (schedule === undefined) {
      throw new AwsError('ResourceNotFoundException', `Schedule ${name} does not exist.`, 404);
    }
    return schedule;
  }

  #checkTarget(request: ScheduleRequest, context: CallContext): void {
    if (!GROUPS.includes(request.group)) {
      throw new AwsError('ResourceNotFoundException', `Schedule group ${request.group} does not exist.`, 404);
    }
    const role = request.target.RoleArn;
    if (!isAdmin(context.caller) && !PASSABLE_ROLES.includes(role)) {
      throw new AwsError(
        'AccessDeniedException',
        `User: ${context.caller.arn} is not authorized to perform: iam:PassRole on resource: ${role}`,
        403,
      );
    }
    if (!(ROLE_TRUST[role] ?? []).includes('scheduler.amazonaws.com')) {
      throw invalid(
        'The execution role you provide must allow AWS EventBridge Scheduler to assume the role.',
      );
    }
  }
}

function arnOf(group: string, name: string, { region, account }: CallContext): string {
  return `arn:aws:scheduler:${region}:${account}:schedule/${group}/${name}`;
}

function sameRequest(existing: Schedule, request: ScheduleRequest): boolean {
  const members: readonly (keyof ScheduleRequest)[] = [
    'expression',
    'timezone',
    'startDate',
    'endDate',
    'state',
    'description',
    'flexibleTimeWindow',
    'actionAfterCompletion',
    'target',
  ];
  return members.every((member) => isDeepStrictEqual(existing[member], request[member]));
}
