import { activitySection } from './html/activity.ts';
import { factsSection } from './html/facts.ts';
import { code, Html, html } from './html/markup.ts';
import { recordsSection, verifySection } from './html/records.ts';
import { STYLE } from './html/style.ts';
import { threadSection } from './html/thread.ts';
import { OUTCOME_WORDS } from './html/words.ts';
import { last, type Story } from './story.ts';
import { RENDERING } from './to-json.ts';

/** One page for people, on screen and on paper: no script, nothing loaded, and everything that was typed is text. */
export function toHtml(story: Story): string {
  const asked = last(story, 'request.asked');
  const title = `${story.request}, ${asked?.workflow.title ?? 'not known'}`;
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'" />
        <title>Break-glass record ${title}</title>
        <style>
          ${new Html(STYLE)}
        </style>
      </head>
      <body>
        <header>
          <h1>${asked?.workflow.title ?? 'Break-glass record'}</h1>
          <p class="outcome">${outcome(story)}</p>
          <p class="soft">
            Break-glass request ${code(story.request)} of ${code(story.deployment)}. ${RENDERING}
          </p>
        </header>
        ${asked === undefined ? null : [factsSection(story, asked), activitySection(story), threadSection(story, asked)]}
        ${recordsSection(story)} ${verifySection(story)}
      </body>
    </html> `.text;
}

function outcome(story: Story): string {
  const sealed = last(story, 'request.sealed');
  return sealed === undefined
    ? 'Not sealed: this is its record so far'
    : OUTCOME_WORDS[sealed.summary.outcome];
}
