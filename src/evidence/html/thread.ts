import type { RequestAsked, ThreadAuthor, ThreadKept, ThreadMessage } from '../../domain/records.ts';
import { identityKey, type Person } from '../../domain/person.ts';
import { SECOND } from '../../domain/time.ts';
import { authorText } from '../describe.ts';
import { all, last, type Story } from '../story.ts';
import { html, typed, type Html } from './markup.ts';
import { plainText } from './slack-text.ts';
import { bareTime, time } from './words.ts';

/** What people and Breakglass said in the thread, as it stood when it was read. */
export function threadSection(story: Story, asked: RequestAsked): Html {
  const kept = last(story, 'thread.kept');
  if (kept === undefined)
    return html`<section>
      <h2>Thread</h2>
      <p>Not kept so far. Where it is kept later, a further summary has it.</p>
    </section>`;
  const names = namesIn(story, asked);
  const mentioned = (user: string): string | undefined =>
    upright(names.get(identityKey({ ...asked.requester.identity, user })));
  return html`<section>
    <h2>Thread</h2>
    <p>
      Read from channel ${kept.channel} on ${time(Date.parse(kept.at))}. ${completeness(kept)} What is removed
      or changed after that shows in Slack alone.
    </p>
    <table class="thread">
      <thead>
        <tr>
          <th>When (UTC)</th>
          <th>Who</th>
          <th>Said</th>
        </tr>
      </thead>
      <tbody>
        ${kept.messages.map((message) => line(message, names, mentioned))}
      </tbody>
    </table>
  </section>`;
}

function completeness({ complete, problem, omitted }: ThreadKept): string {
  const without = omitted === 0 ? '' : ` ${omitted} more messages were left out.`;
  return complete ? 'Complete.' : `NOT COMPLETE: ${problem ?? 'nobody knows why'}.${without}`;
}

function line(
  { ts, by, text, edited, removedAt }: ThreadMessage,
  names: ReadonlyMap<string, string>,
  mentioned: (user: string) => string | undefined,
): Html {
  const changed = edited === null ? null : html` <em>(${editText(edited, names)})</em>`;
  const said =
    removedAt === null ? typed(plainText(text, mentioned)) : html`<em>removed, seen ${time(removedAt)}</em>`;
  return html`<tr>
    <td class="when">${bareTime(Number(ts) * SECOND)}</td>
    <td>${authorOf(by, names)}</td>
    <td>${said}${changed}</td>
  </tr> `;
}

function editText(
  { at, by }: NonNullable<ThreadMessage['edited']>,
  names: ReadonlyMap<string, string>,
): string {
  return `edited ${time(at)}${by === null ? '' : ` by ${nameOf(by, names)}`}`;
}

const authorOf = (by: ThreadAuthor, names: ReadonlyMap<string, string>): Html =>
  by.who === 'person' ? typed(nameOf(by.identity, names)) : html`<i>${authorText(by)}</i>`;

const nameOf = (identity: Person['identity'], names: ReadonlyMap<string, string>): string =>
  names.get(identityKey(identity)) ?? identity.user;

/** A name that would turn what others wrote around it is not put there. */
const upright = (name: string | undefined): string | undefined =>
  name === undefined || /\p{Bidi_Control}/u.test(name) ? undefined : name;

/** Whoever the log knows by name. */
function namesIn({ records }: Story, asked: RequestAsked): ReadonlyMap<string, string> {
  const approvers = all(records, 'approval.given').map(({ approver }) => approver);
  return new Map([asked.requester, ...approvers].map(({ identity, name }) => [identityKey(identity), name]));
}
