import { BlockList, isIP } from 'node:net';
import type { IngressRule } from '../aws/types.ts';

/** The guarded service's port, as security groups see it. */
const CONSOLE_PORT = 8443;

/** Whether some rule lets TCP from the address reach the console. Prefix lists and groups name no address here. */
export function covers(rules: readonly IngressRule[], address: string): boolean {
  return rules.some((rule) => {
    if (rule.cidr === null || !reachesPort(rule)) return false;
    const [network = '', bits = ''] = rule.cidr.split('/');
    const family = isIP(network) === 6 ? 'ipv6' : 'ipv4';
    const list = new BlockList();
    list.addSubnet(network, Number(bits), family);
    return list.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
  });
}

function reachesPort({ protocol, fromPort, toPort }: IngressRule): boolean {
  if (protocol === '-1') return true;
  return protocol === 'tcp' && fromPort <= CONSOLE_PORT && CONSOLE_PORT <= toPort;
}
