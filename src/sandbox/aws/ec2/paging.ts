import { AwsError } from '../error.ts';
import type { QueryParameters } from '../query.ts';

/** `MaxResults`, or undefined for everything. Throws when it is out of range or comes together with ids. */
export function pageSize(parameters: QueryParameters, ids: readonly string[]): number | undefined {
  const limit = parameters.integer('MaxResults');
  if (limit === undefined) return undefined;
  if (!(limit >= 5 && limit <= 1000)) {
    throw new AwsError(
      'InvalidParameterValue',
      `Value ( ${limit} ) for parameter maxResults is invalid. Expecting 5-1000`,
    );
  }
  if (ids.length > 0) {
    throw new AwsError(
      'InvalidParameterCombination',
      'The parameter maxResults cannot be used with ids in the same request',
    );
  }
  return limit;
}

/** Key of the last item of the page before, or undefined at the beginning. Throws InvalidNextToken. */
export function pageStart(parameters: QueryParameters): string | undefined {
  const token = parameters.text('NextToken');
  if (token === undefined) return undefined;
  const key = /^after ([\w-]+)$/.exec(Buffer.from(token, 'base64').toString('utf8'))?.[1];
  if (key === undefined) throw new AwsError('InvalidNextToken', 'The specified next token is invalid');
  return key;
}

export function pageToken(lastKey: string): string {
  return Buffer.from(`after ${lastKey}`).toString('base64');
}

/** One page of items in the order of their ids, and the token of the next one. */
export function pageOf<Item extends { readonly id: string }>(
  items: readonly Item[],
  parameters: QueryParameters,
  ids: readonly string[],
): { page: Item[]; nextToken?: string } {
  const limit = pageSize(parameters, ids);
  const after = pageStart(parameters) ?? '';
  const left = items.filter(({ id }) => id > after).toSorted((a, b) => (a.id < b.id ? -1 : 1));
  const page = left.slice(0, limit);
  const last = page.at(-1);
  return { page, ...(last !== undefined && page.length < left.length && { nextToken: pageToken(last.id) }) };
}
