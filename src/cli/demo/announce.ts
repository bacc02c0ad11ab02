import type { Sandbox } from '../../sandbox/index.ts';

const WHO: Readonly<Record<string, string>> = {
  requester: 'the requester',
  stranger: 'a stranger',
  approver: 'an approver',
  'office-vpn': 'the office VPN',
  monitoring: 'monitoring, always let in',
};

/** What a person at the terminal reads once everything runs: where the page is, what to do next, what there is beside it. */
export function announcement({ urls, edge }: Pick<Sandbox, 'urls' | 'edge'>, folder: string): string[] {
  return [
    '',
    `  Breakglass is running. Open  ${urls.page}`,
    '',
    '  Next:  as Maya, type /breakglass in #incidents, fill in the form (it has an example), press Ask.',
    '         Then become Jonas (under “You are”, on the left) and press Approve on the card.',
    '',
    '  The guarded port, as each host sees it (closed means that it refuses connections):',
    ...edge.map(
      ({ name, address, port }) => `    127.0.0.1:${port}  is ${address.padEnd(13)}  ${WHO[name] ?? name}`,
    ),
    '',
    `  State and logs: ${folder}`,
    '  Ctrl-C stops everything; the next start goes on from there (--fresh begins anew).',
    '',
  ];
}
