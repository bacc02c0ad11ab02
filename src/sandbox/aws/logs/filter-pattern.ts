import { AwsError } from '../error.ts';

type Test = (value: string) => boolean;

const CONDITION = /^(\w+)(?:\s*(=|!=|<=|>=|<|>)\s*(?:"([^"]*)"|(\S+)))?$/;

/**
 * A filter pattern for space-delimited events (CloudWatch Logs user guide, "Filter pattern syntax"): `[a, b = "x", c > 5]`,
 * one name a field; an ellipsis stands for any number of them; `*` in a text is a wildcard. Nothing else is played here.
 */
export function parsePattern(pattern: string): (message: string) => boolean {
  if (pattern.trim() === '') return () => true;
  const list = /^\s*\[(.*)\]\s*$/s.exec(pattern)?.[1];
  if (list === undefined) throw invalid('only patterns for space-delimited events are played here');
  const parts = list.split(',').map((part) => part.trim());
  const gap = parts.indexOf('...');
  if (gap !== parts.lastIndexOf('...')) throw invalid('there can be one ellipsis');
  const first = (gap === -1 ? parts : parts.slice(0, gap)).map(testOf);
  const last = gap === -1 ? [] : parts.slice(gap + 1).map(testOf);
  return (message) => {
    const fields = message.trim().split(/\s+/);
    const fits = gap === -1 ? fields.length === first.length : fields.length >= first.length + last.length;
    return (
      fits &&
      first.every((test, position) => test(fields[position] ?? '')) &&
      last.every((test, position) => test(fields[fields.length - last.length + position] ?? ''))
    );
  };
}

function testOf(part: string): Test {
  const match = CONDITION.exec(part);
  if (match === null) throw invalid(`${part} is not a condition`);
  const [, , operator, quoted, plain] = match;
  const wanted = quoted ?? plain ?? '';
  switch (operator) {
    case undefined:
      return () => true;
    case '=':
      return (value) => isEqual(value, wanted);
    case '!=':
      return (value) => !isEqual(value, wanted);
    case '<':
      return (value) => Number(value) < Number(wanted);
    case '<=':
      return (value) => Number(value) <= Number(wanted);
    case '>':
      return (value) => Number(value) > Number(wanted);
    default:
      return (value) => Number(value) >= Number(wanted);
  }
}

function isEqual(value: string, wanted: string): boolean {
  if (!wanted.includes('*')) return value === wanted;
  const pattern = wanted.replaceAll(/[.+?^${}()|[\]\\]/g, String.raw`\$&`).replaceAll('*', '.*');
  return new RegExp(`^${pattern}$`).test(value);
}

function invalid(message: string): AwsError {
  return new AwsError('InvalidParameterException', `Invalid filter pattern: ${message}`, 400);
}
