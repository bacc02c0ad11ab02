import { AWS_WORLD } from '../world.ts';
import type { HeldRecord } from './acm/certificates.ts';
import type { NetworkAcl } from './ec2/network-acls.ts';
import type { NetworkInterface } from './ec2/network-interfaces.ts';
import type { Rule } from './ec2/rule.ts';
import type { Bucket } from './s3/bucket.ts';
import type { Schedule } from './scheduler/schedule.ts';
import type { AwsState } from './state.ts';
import type { IngressRule } from './types.ts';

/** How many objects of a bucket are shown: the last ones in key order. */
const SHOWN_OBJECTS = 200;

/** The true state, without any lag. */
export function snapshotOf({ groups, acls, interfaces, schedules, certificates, buckets }: AwsState) {
  return {
    account: AWS_WORLD.account,
    region: AWS_WORLD.region,
    securityGroups: groups.all().map(({ id, name, rules }) => ({ id, name, rules: ingressOf(rules) })),
    networkAcls: acls.all().map(aclView),
    networkInterfaces: interfaces.all().map(interfaceView),
    schedules: schedules.all().map(scheduleView),
    deadLetters: schedules.deadLetters(),
    certificates: certificates
      .all()
      .map((record) => ({ name: record.facts.domainName, ...certificateView(record) })),
    buckets: buckets.all().map(bucketView),
  };
}

export function ingressOf(rules: readonly Rule[]): IngressRule[] {
  return rules
    .filter((rule) => !rule.egress)
    .map(({ id, fromPort, toPort, protocol, source, description, tags }) => ({
      id,
      fromPort,
      toPort,
      protocol,
      cidr: source.kind === 'ipv4' || source.kind === 'ipv6' ? source.value : null,
      source: source.value,
      description,
      tags,
    }));
}

export function aclView({ id, subnets, entries }: NetworkAcl) {
  return {
    id,
    subnets,
    entries: entries.map(({ ruleNumber, egress, protocol, cidr, fromPort, toPort, action }) => ({
      ruleNumber,
      egress,
      protocol,
      cidr,
      fromPort,
      toPort,
      action,
    })),
  };
}

export function interfaceView({ id, subnetId, groups, tcpEstablishedTimeout }: NetworkInterface) {
  return { id, subnet: subnetId, groups, tcpEstablishedTimeout };
}

export function scheduleView(schedule: Schedule) {
  return {
    name: schedule.name,
    group: schedule.group,
    state: schedule.state,
    expression: schedule.expression.text,
    start: isoOrNull(schedule.startDate),
    end: isoOrNull(schedule.endDate),
    target: schedule.target.Arn,
    input: schedule.target.Input ?? '',
  };
}

export function certificateView({ arn, facts, importedAt }: HeldRecord) {
  return {
    arn,
    serial: facts.serial,
    fingerprint: facts.fingerprint,
    importedAt: new Date(importedAt).toISOString(),
  };
}

function bucketView(bucket: Bucket) {
  const keys = bucket.keys();
  return {
    name: bucket.settings.name,
    count: keys.length,
    objects: keys.slice(-SHOWN_OBJECTS).map((key) => {
      const current = bucket.current(key);
      return {
        key,
        size: current?.size ?? 0,
        versionId: current?.versionId ?? '',
        deleted: current?.deleteMarker ?? true,
        lastModified: isoOrNull(current?.lastModified),
        retainUntil: isoOrNull(current?.retention?.until),
      };
    }),
  };
}

function isoOrNull(instant: number | undefined): string | null {
  return instant === undefined ? null : new Date(instant).toISOString();
}
