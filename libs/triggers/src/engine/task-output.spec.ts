import { TriggersError } from '../model/errors.js';
import { MAX_TEXT } from '../model/text.js';
import type { AttemptContext } from './task-context.impl.js';
import { TaskOutputError, outputJson, restoredError, storedError } from './task-output.js';

const contextWith = (written: object = {}): AttemptContext =>
  ({ taskId: 'read', written: new Map(Object.entries(written)) }) as unknown as AttemptContext;

describe('the output of a task', () => {
  it.each<[string, unknown, object, string | null]>([
    ['what it returned', { a: 1 }, {}, '{"a":1}'],
    ['what it set', undefined, { a: 1 }, '{"a":1}'],
    ['what it returned over what it set', { a: 2, b: 3 }, { a: 1, c: 4 }, '{"a":2,"c":4,"b":3}'],
    ['nothing for nothing', undefined, {}, null],
    ['nothing for null', null, {}, null],
    ['nothing for an empty object', {}, {}, null],
  ])('is %s', (_what, returned, written, json) => {
    expect(outputJson(returned, contextWith(written))).toBe(json);
  });

  it('is what it set when it returns its context', () => {
    class Context {
      readonly written = new Map([['a', 1]]);
    }
    const context = new Context() as unknown as AttemptContext;
    expect(outputJson(context, context)).toBe('{"a":1}');
  });

  it.each<[unknown, string]>([
    [[1], 'Task "read" returned an array.'],
    [new Map(), 'Task "read" returned a class instance.'],
    ['text', 'Task "read" returned a string.'],
    [false, 'Task "read" returned a boolean.'],
    [{ a: () => 1 }, 'Task "read": the output: "a" is a function'],
  ])('is never %p', (returned, message) => {
    const error = { code: 'TRG_TASK_OUTPUT', name: 'NonRetryableError', message: expect.stringContaining(message) };
    expect(() => outputJson(returned, contextWith())).toThrow(TaskOutputError);
    expect(() => outputJson(returned, contextWith())).toThrow(expect.objectContaining(error));
  });

  it('keeps the rule that it broke as the cause of its error', () => {
    expect(() => outputJson({ $a: 1 }, contextWith())).toThrow(
      expect.objectContaining({ cause: expect.objectContaining({ code: 'TRG_CONTEXT_RESERVED_KEY' }) }),
    );
  });

  it('hands on what it throws itself while it is read', () => {
    const returned = {
      get a(): never {
        throw new RangeError('of the getter');
      },
    };
    expect(() => outputJson({ nested: returned }, contextWith())).toThrow(RangeError);
  });
});

describe('an error in a row', () => {
  it('has name, message, code and stack, cleaned and cut, and never the cause', () => {
    const cause = new Error('secret');
    const error = new TriggersError('TRG_TASK_TIMEOUT', `to\u0007o ${'x'.repeat(MAX_TEXT)}`, { cause });
    error.name = 'Tri\u0007ggersError';
    error.stack = 's'.repeat(5_000);
    expect(storedError(error)).toEqual({
      name: 'TriggersError',
      message: `too ${'x'.repeat(MAX_TEXT - 5)}…`,
      code: 'TRG_TASK_TIMEOUT',
      stack: 's'.repeat(4_096),
    });
  });

  it('has no code that is no text, and no stack where there is none', () => {
    const error = Object.assign(new Error('broken'), { code: 7 });
    delete error.stack;
    expect(storedError(error)).toEqual({ name: 'Error', message: 'broken' });
  });

  it('cleans a code of its control characters', () => {
    expect(storedError(Object.assign(new Error('broken'), { code: 'E\u0007X' }))).toMatchObject({ code: 'EX' });
  });

  it.each([
    ['te\u0007xt', 'text'],
    [7, '7'],
    [undefined, 'undefined'],
    [null, 'null'],
  ])('is made of %p, which was thrown, too', (thrown, message) => {
    expect(storedError(thrown)).toEqual({ name: 'Error', message });
  });

  it('becomes an Error again', () => {
    const stored = { name: 'AxiosError', message: 'broken', code: 'ECONNRESET', stack: 'AxiosError: broken\n    at x' };
    const error = restoredError(stored);
    expect(error).toBeInstanceOf(Error);
    expect({ ...error, message: error.message, stack: error.stack }).toEqual(stored);
    const bare = restoredError({ name: 'Error', message: 'broken' });
    expect([bare.stack?.includes('broken'), 'code' in bare]).toEqual([true, false]);
  });
});
