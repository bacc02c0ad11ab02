import { ControlError } from '../part.ts';
import { AWS_WORLD } from '../world.ts';
import { type Body, optionalText, text } from './control-body.ts';
import type { NetworkInterface, NetworkInterfaces } from './ec2/network-interfaces.ts';

/** Bounds of TcpEstablishedTimeout (EC2 API reference, ConnectionTrackingSpecificationRequest), in seconds. */
const MIN_TIMEOUT = 60;
const MAX_TIMEOUT = 432_000;

/** An interface with what the body changes of it, or a new one. Throws ControlError. */
export function changedInterface(interfaces: NetworkInterfaces, body: Body): NetworkInterface {
  const id = text(body, 'id');
  const before = interfaces.byId(id) ?? newInterface(id);
  const subnetId = optionalText(body, 'subnet') ?? before.subnetId;
  if (!AWS_WORLD.subnets.some((subnet) => subnet.id === subnetId)) {
    throw new ControlError(`there is no subnet ${subnetId}`);
  }
  return {
    ...before,
    subnetId,
    groups: groupsIn(body) ?? before.groups,
    ...('tcpEstablishedTimeout' in body && { tcpEstablishedTimeout: timeoutIn(body) }),
  };
}

function newInterface(id: string): NetworkInterface {
  if (!/^eni-[0-9a-f]{17}$/.test(id)) throw new ControlError('id has to be eni- and 17 hexadecimal digits');
  return {
    id,
    subnetId: '',
    groups: [],
    type: 'interface',
    requesterManaged: false,
    address: '10.20.9.9',
    description: 'made by hand',
    tcpEstablishedTimeout: null,
  };
}

function groupsIn({ groups }: Body): readonly string[] | undefined {
  if (groups === undefined) return undefined;
  if (Array.isArray(groups) && groups.every((id) => typeof id === 'string')) return groups;
  throw new ControlError('groups has to be a list of ids');
}

function timeoutIn({ tcpEstablishedTimeout: seconds }: Body): number | null {
  if (seconds === null) return null;
  if (typeof seconds === 'number' && Number.isInteger(seconds)) {
    if (seconds >= MIN_TIMEOUT && seconds <= MAX_TIMEOUT) return seconds;
  }
  throw new ControlError(`tcpEstablishedTimeout has to be null or from ${MIN_TIMEOUT} to ${MAX_TIMEOUT}`);
}
