import { invalid } from '../option.checks.js';

/** Whether a file or a folder is meant, by its path inside the watched folder (`/` between its parts). */
export type PathTest = (path: string) => boolean;

/**
 * Reads a pattern: `*` is any text without `/`, `**` also crosses folders, `?` one character, `{a,b}` either. Without a `/` the
 * last part of the path is tested, otherwise all of it. Upper and lower case differ.
 *
 * @throws TRG_DEF_INVALID_OPTION for an empty one, and for a brace without its other half
 */
export function pathTest(pattern: unknown, where: string, option: string): PathTest {
  if (typeof pattern !== 'string' || pattern === '')
    throw invalid(where, option, pattern, 'a pattern such as "*.csv" or "in/**/*.{csv,txt}"');
  const expression = new RegExp(`^${translate(pattern, where, option)}$`, 'su');
  if (pattern.includes('/')) return (path) => expression.test(path);
  return (path) => expression.test(path.slice(path.lastIndexOf('/') + 1));
}

const TOKENS = /\*\*\/|\*\*|\*|\?|[{},]|[^*?{},]+/gu;
const MEANINGS: Readonly<Record<string, string>> = { '**/': '(?:.*/)?', '**': '.*', '*': '[^/]*', '?': '[^/]' };

function translate(pattern: string, where: string, option: string): string {
  let depth = 0;
  const unpaired = invalid(where, option, pattern, 'as many "{" as "}", in this order');
  const parts = (pattern.match(TOKENS) ?? []).map((token) => {
    if (token === '{') return (depth++, '(?:');
    if (token === '}') {
      if (depth-- === 0) throw unpaired;
      return ')';
    }
    if (token === ',' && depth > 0) return '|';
    return MEANINGS[token] ?? token.replace(/[\\^$.+()|[\]/-]/gu, '\\$&').replaceAll('\\-', '-');
  });
  if (depth !== 0) throw unpaired;
  return parts.join('');
}
