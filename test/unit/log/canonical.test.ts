import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { canonicalText, parseCanonical } from '../../../src/log/index.ts';
import { AT, codeOf, note } from './support.ts';

/** So many objects, one in the other. */
const nested = (levels: number): object => (levels === 1 ? {} : { in: nested(levels - 1) });

describe('the canonical text of a record', () => {
  test('has sorted keys, no spaces and none of what is undefined', () => {
    const text = canonicalText(note('hello', { b: [1, { d: 2, c: undefined }], a: null, z: undefined }));

    expect(text).toBe(`{"a":null,"at":"${AT}","b":[1,{"d":2}],"format":1,"text":"hello","type":"note"}`);
  });

  test('reads back as the same record for any JSON', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = canonicalText(note('any', { value }));

        expect(canonicalText(parseCanonical(text))).toBe(text);
        expect(text).not.toContain('\n');
      }),
    );
  });

  test.each([
    ['a number that is none', note('x', { n: Number.NaN })],
    ['a function', note('x', { f: () => 1 })],
    ['a lone surrogate', note('\ud800')],
    ['a missing type', note('x', { type: undefined })],
    ['an empty type', note('x', { type: '' })],
    ['a format of zero', note('x', { format: 0 })],
    ['a broken format', note('x', { format: 1.5 })],
    ['a local time', note('x', { at: '2026-03-01T12:00:00+01:00' })],
    ['a time that does not exist', note('x', { at: '2026-13-01T12:00:00Z' })],
    ['a day that does not exist', note('x', { at: '2026-02-30T12:00:00Z' })],
    ['the hour after the last', note('x', { at: '2026-03-01T24:00:00Z' })],
    ['nesting deeper than a reader must follow', note('x', { nested: nested(64) })],
    ['a time that is a number', note('x', { at: 5 })],
  ])('is refused for %s', async (_, record) => {
    expect(await codeOf(() => canonicalText(record))).toBe('malformed');
  });

  test('is refused for a circle', async () => {
    const circle: { self?: unknown } = {};
    circle.self = circle;

    expect(await codeOf(() => canonicalText(note('x', { circle })))).toBe('malformed');
  });
});

describe('reading a record', () => {
  const good = canonicalText(note('hello'));
  const deep = (levels: number) => good.replace('"hello"', '['.repeat(levels) + ']'.repeat(levels));

  test.each([
    ['spaces', good.replace(',', ', '), 'not-canonical'],
    ['keys in another order', `{"format":1,"at":"${AT}","text":"hello","type":"note"}`, 'not-canonical'],
    ['a key twice', good.replace('"format":1', '"format":1,"format":1'), 'not-canonical'],
    ['a number in a longer form', good.replace('"format":1', '"format":1.0'), 'not-canonical'],
    ['an escape that is not needed', good.replace('hello', '\\u0068ello'), 'not-canonical'],
    ['an escaped lone surrogate', good.replace('hello', '\\ud800'), 'not-canonical'],
    ['a byte order mark', `\ufeff${good}`, 'malformed'],
    ['no JSON', '{', 'malformed'],
    ['JSON that is no object', '7', 'malformed'],
    ['JSON that is null', 'null', 'malformed'],
    ['no envelope', '{}', 'malformed'],
    ['a level of nesting too many', deep(64), 'malformed'],
    ['nesting that no stack holds', deep(100_000), 'malformed'],
  ])('refuses %s', async (_, text, code) => {
    expect(await codeOf(() => parseCanonical(text))).toBe(code);
  });

  test('accepts as many levels of nesting as there may be', () => {
    expect(parseCanonical(deep(63))).toMatchObject({ type: 'note' });
  });

  test('accepts a newer format and times in whole seconds', () => {
    const text = `{"at":"2026-03-01T12:00:00Z","format":2,"type":"from the future"}`;

    expect(parseCanonical(text)).toEqual({ at: '2026-03-01T12:00:00Z', format: 2, type: 'from the future' });
  });
});
