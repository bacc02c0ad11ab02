import { randomUUID } from 'node:crypto';
import { createAcm } from './acm/index.ts';
import { Calls } from './calls.ts';
import { awsControls } from './controls.ts';
import { Dispatcher } from './dispatcher.ts';
import { createCloudTrail } from './cloudtrail/index.ts';
import { createEc2 } from './ec2/index.ts';
import { AwsError } from './error.ts';
import { roleCaller } from './identities.ts';
import { createKms } from './kms/index.ts';
import { createLogs } from './logs/index.ts';
import { listenOnLoopback } from '../listen.ts';
import { createS3 } from './s3/index.ts';
import { tamper } from './s3/tamper.ts';
import { ScheduleActions } from './scheduler/actions.ts';
import { Firing } from './scheduler/firing.ts';
import { createScheduler } from './scheduler/index.ts';
import type { Schedule } from './scheduler/schedule.ts';
import { createAwsServer } from './server.ts';
import { aclView, certificateView, ingressOf, scheduleView, snapshotOf } from './snapshot.ts';
import { loadState, resetState } from './state.ts';
import { createSts } from './sts.ts';
import { AWS_WORLD, PREFERRED_PORTS } from '../world.ts';
import { Throttle } from './throttle.ts';
import type { AwsOptions, AwsPart } from './types.ts';

export { SANDBOX_CREDENTIALS } from './identities.ts';
export type {
  AwsOptions,
  AwsPart,
  GuardedService,
  GuardedSubnet,
  HeldCertificate,
  IngressRule,
} from './types.ts';

/** Changes of schedules come in bursts: one event tells of all within this time. */
const SCHEDULE_EVENT_MS = 50;

/** Starts the local AWS on one HTTP server at 127.0.0.1, with the state that it left or the seeded one. */
export async function createAwsPart(options: AwsOptions): Promise<AwsPart> {
  const { emit, faults, stateDir } = options;
  const clock = options.clock ?? { now: () => Date.now() };
  const minuteMs = options.minuteMs ?? 60_000;
  const state = await loadState(stateDir, clock.now());
  const calls = new Calls();
  const throttle = new Throttle(faults);
  const dispatcher = new Dispatcher({ clock, faults, calls, throttle, trail: state.trail });
  const ec2 = createEc2({ ...state, faults });
  const firing = new Firing({ schedules: state.schedules, clock, minuteMs, invoke });
  const services = [
    ec2,
    createSts(state.sessions),
    createScheduler(new ScheduleActions(state.schedules, firing, minuteMs)),
    createAcm(state.certificates),
    createKms(state.kmsKeys),
    createCloudTrail(state.trail, faults),
    createLogs(state.logs, faults),
    createS3(
      state.buckets,
      () => clock.now(),
      (bucket, key) => emit({ type: 'aws.object', data: { bucket, key } }),
    ),
  ];
  const server = createAwsServer({ services, dispatcher, sessions: state.sessions, faults });
  const port = await listenOnLoopback(
    server,
    options.port ?? (options.ports === 'ephemeral' ? 0 : PREFERRED_PORTS.aws),
  );

  const ingressRules = (groupId: string) => ingressOf(state.groups.byId(groupId)?.rules ?? []);
  const subnets = () =>
    AWS_WORLD.subnets.map(({ id }) => ({
      id,
      groups: state.interfaces.all().flatMap(({ subnetId, groups }) => (subnetId === id ? groups : [])),
      entries: state.acls.ofSubnet(id)?.entries ?? [],
    }));
  let scheduleEvent: NodeJS.Timeout | undefined;
  const stopListening = [
    state.groups.onChange((groupId) => {
      emit({ type: 'aws.rules', data: { groupId, rules: ingressRules(groupId) } });
    }),
    state.acls.onChange(() => {
      emit({ type: 'aws.acls', data: { networkAcls: state.acls.all().map(aclView) } });
    }),
    state.certificates.onChange((record) => emit({ type: 'aws.certificate', data: certificateView(record) })),
    state.schedules.onChange(() => {
      scheduleEvent ??= setTimeout(() => {
        scheduleEvent = undefined;
        emit({ type: 'aws.schedules', data: { schedules: state.schedules.all().map(scheduleView) } });
      }, SCHEDULE_EVENT_MS);
    }),
  ];
  for (const schedule of state.schedules.all()) firing.plan(schedule.arn);

  /** A universal target: the named EC2 action under the schedule's role, in the schedule's account and Region. */
  async function invoke({ target, region }: Schedule): Promise<void> {
    const [, service, action = ''] = /^arn:aws:scheduler:::aws-sdk:([^:]+):(.+)$/.exec(target.Arn) ?? [];
    if (service !== 'ec2')
      throw new AwsError('InvalidTarget', `Targets of ${String(service)} are not played here`);
    const call = ec2.parseTargetInput(
      `${action.charAt(0).toUpperCase()}${action.slice(1)}`,
      target.Input ?? '{}',
    );
    await dispatcher.execute(ec2, call, {
      caller: roleCaller(target.RoleArn, 'eventbridge-scheduler'),
      region,
      requestId: randomUUID(),
      source: 'scheduler.amazonaws.com',
      userAgent: 'scheduler.amazonaws.com',
    });
  }

  return {
    name: 'aws',
    port,
    url: `http://127.0.0.1:${port}`,
    snapshot: () => snapshotOf(state),
    controls: awsControls({ state, calls, ec2, dispatcher }),
    ingressRules,
    subnets,
    flowLogged: () =>
      state.interfaces
        .all()
        .filter(({ groups }) => groups.includes(AWS_WORLD.flowLogs.group))
        .map(({ id, subnetId: subnet, address }) => ({ id, subnet, address })),
    logFlow: (stream, timestamp, message) =>
      state.logs.add({
        group: AWS_WORLD.flowLogs.logGroup,
        stream,
        timestamp,
        ingestedAt: clock.now(),
        message,
      }),
    tamper: (name, look) => tamper(state.buckets, name, look),
    heldCertificate: (arn) => state.certificates.get(arn),
    onChange(listener) {
      const { groups, acls, interfaces, certificates } = state;
      const stops = [groups, acls, interfaces, certificates].map((part) => part.onChange(listener));
      return () => stops.forEach((stop) => stop());
    },
    async reset() {
      firing.clear();
      calls.clear();
      await resetState(state, clock.now());
    },
    async close() {
      for (const stop of stopListening) stop();
      clearTimeout(scheduleEvent);
      await firing.close();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
      await state.trail.settled();
      await state.logs.settled();
    },
  };
}
