import { last, type Story } from './story.ts';

/** The log decides; said in every rendering. */
export const RENDERING =
  'A rendering of records of the log, written beside it. Where it differs from the log, the log decides.';

/** What a program reads: the summary, the transcript, what was looked up afterwards, and every record with its place. */
export function toJson(story: Story): string {
  const { deployment, request, records, checkpoint } = story;
  const shown = {
    format: 1,
    what: RENDERING,
    deployment,
    request,
    summary: last(story, 'request.sealed')?.summary ?? null,
    thread: last(story, 'thread.kept') ?? null,
    activity: last(story, 'window.observed') ?? null,
    records,
    checkpoint,
  };
  return `${JSON.stringify(shown, undefined, 2)}\n`;
}
