import type { Members, Person } from '../../domain/person.ts';
import type { Workflow } from '../../domain/workflow.ts';
import { inline } from './escape.ts';

/** Pings in a new message; in an edited one it only names the account, whatever that account calls itself. */
export const mention = ({ identity }: Person): string => `<@${slackId(identity.user)}>`;

/** The directory's name, without a ping. */
export const nameOf = (person: Person): string => inline(person.name, 80) || slackId(person.identity.user);

/** For records that outlive accounts: name and id. */
export const fullName = (person: Person): string => `${nameOf(person)} (${slackId(person.identity.user)})`;

/** Everybody a workflow lists, as mentions. */
export const mentionAll = ({ groups, users }: Members): string =>
  [
    ...groups.map((group) => `<!subteam^${slackId(group)}>`),
    ...users.map((user) => `<@${slackId(user)}>`),
  ].join(' ');

/** Who may say yes, as a line of mentions; none where nobody is known to. */
export function canApprove(workflow: Workflow | undefined): string[] {
  const all = workflow === undefined ? '' : mentionAll(workflow.approval.from);
  return all === '' ? [] : [`*Can approve* ${all}`];
}

/** Ids are letters and digits; anything else in one could end the markup around it. */
export const slackId = (id: string): string => id.replaceAll(/[^A-Za-z0-9]/g, '');
