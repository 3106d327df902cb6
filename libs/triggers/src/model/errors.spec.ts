import { statusOf } from './error-codes.js';
import { DefinitionErrors, NonRetryableError, RetryAfterError, TriggersError } from './errors.js';
import { isTriggersError, notFound } from './errors.js';

const MARK = Symbol.for('nestjs-triggers:error');
const away = new TriggersError('TRG_STORE_UNAVAILABLE', 'The database is away.');

describe('TriggersError', () => {
  it('carries its code, the family of it, facts, and what caused it', () => {
    const cause = new Error('ECONNREFUSED');
    const error = new TriggersError('TRG_STORE_UNAVAILABLE', 'away', { cause, details: { afterMs: 5 } });
    expect(error).toBeInstanceOf(Error);
    expect({ ...error, message: error.message, cause: error.cause }).toEqual({
      [MARK]: true,
      name: 'TriggersError',
      code: 'TRG_STORE_UNAVAILABLE',
      family: 'store',
      message: 'away',
      cause,
      details: { afterMs: 5 },
    });
  });

  it('has no cause and no facts unless they are given', () => {
    expect('cause' in away).toBe(false);
    expect(away.details).toBeUndefined();
  });

  it('keeps a cause of undefined, which is something that was thrown', () => {
    expect('cause' in new TriggersError('TRG_STORE_UNAVAILABLE', 'away', { cause: undefined })).toBe(true);
  });

  it.each<[string, unknown, boolean]>([
    ['one of ours', away, true],
    ['one of another copy of the package', Object.assign(new Error('x'), { [MARK]: true }), true],
    ['any other error', new Error('x'), false],
    ['null', null, false],
    ['undefined', undefined, false],
    ['a text', 'TRG_STORE_UNAVAILABLE', false],
  ])('is told from %s', (_what, error, expected) => {
    expect(isTriggersError(error)).toBe(expected);
  });

  it('is told by its code', () => {
    expect(isTriggersError(away, 'TRG_STORE_UNAVAILABLE')).toBe(true);
    expect(isTriggersError(away, 'TRG_STORE_PATH')).toBe(false);
  });

  it('has the HTTP status of its code, 500 where nothing is said', () => {
    expect([statusOf('TRG_STORE_UNAVAILABLE'), statusOf('TRG_STORE_PATH')]).toEqual([503, 500]);
  });
});

describe('DefinitionErrors', () => {
  const problems = [
    new TriggersError('TRG_DEF_NO_TASKS', 'Workflow "a" has no task.'),
    new TriggersError('TRG_DEF_INVALID_NAME', 'Trigger "1st".'),
  ];

  it('reports every problem, a line each with its code', () => {
    const error = new DefinitionErrors(problems);
    expect([error.name, error.code]).toEqual(['DefinitionErrors', 'TRG_DEF_INVALID']);
    expect(error.message.split('\n')).toEqual([
      'The triggers of this application cannot start: 2 definition errors.',
      '  - [TRG_DEF_NO_TASKS] Workflow "a" has no task.',
      '  - [TRG_DEF_INVALID_NAME] Trigger "1st".',
    ]);
    expect(error.details).toEqual({
      problems: [
        { code: 'TRG_DEF_NO_TASKS', message: 'Workflow "a" has no task.' },
        { code: 'TRG_DEF_INVALID_NAME', message: 'Trigger "1st".' },
      ],
    });
  });

  it('counts one as one', () => {
    expect(new DefinitionErrors(problems.slice(1)).message).toContain('1 definition error.');
  });
});

describe('what a task throws', () => {
  it('is final by name', () => {
    expect(new NonRetryableError('no')).toMatchObject({ name: 'NonRetryableError', message: 'no' });
  });

  it('asks for a wait by name, with the wait as its message unless it has one', () => {
    expect(new RetryAfterError(5_000)).toMatchObject({
      name: 'RetryAfterError',
      delayMs: 5_000,
      message: 'Retry after 5000ms',
    });
    const cause = new Error('429');
    expect(new RetryAfterError(1, 'busy', { cause })).toMatchObject({ message: 'busy', cause });
  });
});

describe('notFound', () => {
  it.each([
    ['trigger', 'TRG_API_TRIGGER_NOT_FOUND'],
    ['workflow', 'TRG_API_WORKFLOW_NOT_FOUND'],
  ] as const)('names the %s and those that exist', (what, code) => {
    expect(notFound(what, 'bakup', ['backup', 'report'])).toMatchObject({
      code,
      message: `There is no ${what} "bakup". Known: "backup", "report".`,
      details: { name: 'bakup' },
    });
  });
});
