import { invalid } from '../option.checks.js';

/**
 * Reads a JSON pointer (RFC 6901): `/data/orders`, `''` for the whole.
 *
 * @returns what it points at, `undefined` where there is nothing
 * @throws TRG_DEF_INVALID_OPTION
 */
export function jsonPointer(pointer: string, where: string, option: string): (value: unknown) => unknown {
  if (pointer !== '' && !pointer.startsWith('/'))
    throw invalid(where, option, pointer, 'a function or a JSON pointer such as "/data/orders"');
  const keys = pointer
    .split('/')
    .slice(1)
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
  return (value) => keys.reduce(member, value);
}

function member(value: unknown, key: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
  return (value as Record<string, unknown>)[key];
}
