import { activityLines } from '../../domain/activity.ts';
import { last, type Story } from '../story.ts';
import { html, typed, type Html } from './markup.ts';

/** What went on inside the window, as far as that was looked up afterwards; nothing where nothing was ever open. */
export function activitySection(story: Story): Html | null {
  const summary = last(story, 'request.sealed')?.summary;
  if (summary?.outcome !== 'closed') return null;
  const observed = last(story, 'window.observed');
  if (observed !== undefined)
    return section(
      html`<ul>
        ${activityLines(observed).map((line) => html`<li>${typed(line)}</li>`)}
      </ul>`,
    );
  return section(html`<p>${summary.activity === 'none' ? NOTHING : LATER}</p>`);
}

const NOTHING = 'Not known: the workflow names no flow logs and asks for no look-up of API calls.';
const LATER = 'Not looked up yet: logs come in late. A further summary has it.';

const section = (content: Html): Html =>
  html`<section>
    <h2>Activity inside the window</h2>
    ${content}
  </section>`;
