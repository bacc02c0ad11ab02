import ipaddr from 'ipaddr.js';

export type AddressProblem =
  'not-an-address' | 'host-bits' | 'too-wide' | 'loopback' | 'multicast' | 'private' | 'unusable';

/** A source as a security-group rule takes it: one host, canonical CIDR (`203.0.113.7/32`, `2001:db8::1/128`). */
export type SourceResult = { readonly cidr: string } | { readonly problem: AddressProblem };

/** Ranges nobody connects from, or that name more than one host. `reserved` holds the documentation ranges: accepted. */
const REFUSED: Readonly<Record<string, AddressProblem>> = {
  unspecified: 'unusable',
  broadcast: 'unusable',
  multicast: 'multicast',
  loopback: 'loopback',
  linkLocal: 'private',
  private: 'private',
  uniqueLocal: 'private',
  carrierGradeNat: 'private',
  ipv4Mapped: 'unusable',
};

/** One host, as canonical CIDR, from what somebody typed; private ranges are left to the caller (`isPrivate`). */
export function parseSource(text: string): SourceResult {
  const [host = '', prefix, ...rest] = text.trim().split('/');
  if (rest.length > 0 || !isStrictAddress(host)) return { problem: 'not-an-address' };
  const address = ipaddr.parse(host);
  const bits = address.kind() === 'ipv4' ? 32 : 128;
  if (prefix !== undefined && !/^\d{1,3}$/.test(prefix)) return { problem: 'not-an-address' };
  const length = prefix === undefined ? bits : Number(prefix);
  if (length > bits) return { problem: 'not-an-address' };
  if (length < bits) return { problem: hasHostBits(address, length) ? 'host-bits' : 'too-wide' };
  const range = address.range();
  const problem = range === 'reserved' && !isDocumentation(address) ? 'unusable' : REFUSED[range];
  if (problem !== undefined && problem !== 'private') return { problem };
  return { cidr: `${address.toString()}/${bits}` };
}

/** Addresses that are only reachable inside a network: allowed only where the workflow lists them. */
export function isPrivate(cidr: string): boolean {
  return REFUSED[ipaddr.parse(hostOf(cidr)).range()] === 'private';
}

export const hostOf = (cidr: string): string => cidr.slice(0, cidr.indexOf('/'));

function isStrictAddress(host: string): boolean {
  if (ipaddr.IPv4.isValidFourPartDecimal(host)) return true;
  return host.includes(':') && !host.includes('%') && ipaddr.IPv6.isValid(host);
}

function hasHostBits(address: ipaddr.IPv4 | ipaddr.IPv6, length: number): boolean {
  const network =
    address.kind() === 'ipv4'
      ? ipaddr.IPv4.networkAddressFromCIDR(`${address.toString()}/${length}`)
      : ipaddr.IPv6.networkAddressFromCIDR(`${address.toString()}/${length}`);
  return network.toString() !== address.toString();
}

/** RFC 5737 and RFC 3849: what examples and the local world use in place of public addresses. */
const DOCUMENTATION = ['192.0.2.0/24', '198.51.100.0/24', '203.0.113.0/24', '2001:db8::/32'].map((cidr) =>
  ipaddr.parseCIDR(cidr),
);

function isDocumentation(address: ipaddr.IPv4 | ipaddr.IPv6): boolean {
  return DOCUMENTATION.some(
    ([network, bits]) => network.kind() === address.kind() && address.match(network, bits),
  );
}
