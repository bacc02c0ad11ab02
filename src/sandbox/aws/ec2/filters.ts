import { AwsError } from '../error.ts';
import type { QueryParameters } from '../query.ts';

/** EC2 API reference: at most 200 values in the filters of one request. */
const MAX_FILTER_VALUES = 200;

export interface Filter {
  readonly name: string;
  readonly values: readonly string[];
}

/** What a filter looks at, by the filter's name: any one of the values has to match. */
export type Filterable<Item> = Readonly<Record<string, (item: Item) => readonly string[]>>;

/** Reads `Filter.N`. Throws InvalidParameterValue for a name that is not `known`, and FilterLimitExceeded. */
export function parseFilters(parameters: QueryParameters, known: (name: string) => boolean): Filter[] {
  const filters = parameters.members('Filter').map((filter) => ({
    name: filter.text('Name') ?? '',
    values: filter.texts('Value'),
  }));
  for (const { name } of filters) {
    if (!known(name)) throw new AwsError('InvalidParameterValue', `The filter '${name}' is invalid`);
  }
  if (filters.reduce((sum, { values }) => sum + values.length, 0) > MAX_FILTER_VALUES) {
    throw new AwsError('FilterLimitExceeded', `The maximum number of filter values is ${MAX_FILTER_VALUES}`);
  }
  return filters;
}

/** The request's filters as a test: an item has to pass every one of them. */
export function filterBy<Item>(
  parameters: QueryParameters,
  filterable: Filterable<Item>,
): (item: Item) => boolean {
  const filters = parseFilters(parameters, (name) => Object.hasOwn(filterable, name));
  return (item) =>
    filters.every(({ name, values }) =>
      (filterable[name]?.(item) ?? []).some((value) => anyMatches(values, value)),
    );
}

/** Filter values may hold `*` and `?`. */
export function anyMatches(values: readonly string[], text: string): boolean {
  return values.some((value) => {
    if (!/[*?]/.test(value)) return value === text;
    const pattern = value
      .replace(/[\\^$.|+()[\]{}]/g, '\\$&')
      .replaceAll('*', '.*')
      .replaceAll('?', '.');
    return new RegExp(`^${pattern}$`, 's').test(text);
  });
}
