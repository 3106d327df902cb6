import { runInNewContext } from 'node:vm';
import { MAX_TEXT, cleanText, errorMessage, quoteAll } from './text.js';

describe('cleanText', () => {
  it('takes control characters out and leaves line breaks and tabs', () => {
    expect(cleanText('a\u0000b\u001b[31mc\u007f\u0085d\te\nf\rg')).toBe('ab[31mcd\te\nf\rg');
  });

  it('leaves a text of the longest length as it is, and cuts a longer one to that length', () => {
    expect(cleanText('x'.repeat(MAX_TEXT))).toBe('x'.repeat(MAX_TEXT));
    expect(cleanText('x'.repeat(MAX_TEXT + 1))).toBe(`${'x'.repeat(MAX_TEXT - 1)}…`);
  });
});

describe('errorMessage', () => {
  const cyclic: Record<string, unknown> = {};
  cyclic['self'] = cyclic;

  it.each<[string, unknown, string]>([
    ['its message', new Error('bro\u0007ken'), 'broken'],
    ['its name where the message is empty', new TypeError(), 'TypeError'],
    ['the message of an error of another realm', runInNewContext('new Error("far")'), 'far'],
    ['a text that was thrown', 'te\u0007xt', 'text'],
    ['null as JSON', null, 'null'],
    ['an object as JSON', { code: 7 }, '{"code":7}'],
    ['an object whose message is no text as JSON', { message: 7 }, '{"message":7}'],
    ['undefined by its name', undefined, 'undefined'],
    ['what JSON cannot carry as a text', cyclic, '[object Object]'],
  ])('is %s', (_what, thrown, message) => {
    expect(errorMessage(thrown)).toBe(message);
  });
});

describe('quoteAll', () => {
  it.each<[string[], string]>([
    [[], 'none'],
    [['a'], '"a"'],
    [['a', 'b'], '"a", "b"'],
  ])('writes %j as %s', (names, text) => {
    expect(quoteAll(new Set(names))).toBe(text);
  });
});
