import { SlackError } from '../slack-error.ts';
import type { Arguments } from './arguments.ts';

/** Cursor pagination, docs.slack.dev/apis/web-api/pagination. `next` is empty on the last page. */
export function page<Item>(
  items: readonly Item[],
  args: Arguments,
  limits: { otherwise: number; maximum: number },
): { items: Item[]; next: string } {
  const start = offset(args.text('cursor'));
  const end = start + args.count('limit', limits.otherwise, limits.maximum);
  const next = end < items.length ? Buffer.from(`next:${end}`).toString('base64') : '';
  return { items: items.slice(start, end), next };
}

function offset(cursor: string | undefined): number {
  if (cursor === undefined) return 0;
  const match = /^next:(\d+)$/.exec(Buffer.from(cursor, 'base64').toString('utf8'));
  if (match?.[1] === undefined) throw new SlackError('invalid_cursor');
  return Number(match[1]);
}
