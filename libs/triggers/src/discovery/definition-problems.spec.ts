import { DefinitionErrors, TriggersError } from '../model/errors.js';
import { checkName } from './definition-name.js';
import { DefinitionProblems } from './definition-problems.js';

const unknown = new TriggersError('TRG_DEF_UNKNOWN_WORKFLOW', 'Unknown "a".');
const invalid = new TriggersError('TRG_DEF_INVALID_NAME', 'Bad "b".');

function fail(error: Error): () => never {
  return () => {
    throw error;
  };
}

describe('DefinitionProblems', () => {
  it('reports nothing when nothing is wrong', () => {
    const problems = new DefinitionProblems();
    expect(problems.attempt(() => 1)).toBe(1);
    expect(() => problems.throwIfAny()).not.toThrow();
  });

  it('reports everything together, in the order in which it was found', () => {
    const problems = new DefinitionProblems();
    problems.add(unknown);
    expect(problems.attempt(fail(invalid))).toBeUndefined();
    problems.attempt(fail(new DefinitionErrors([invalid, unknown])));
    let thrown: unknown;
    try {
      problems.throwIfAny();
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(DefinitionErrors);
    expect((thrown as DefinitionErrors).problems).toEqual([unknown, invalid, invalid, unknown]);
  });

  it.each([
    ['another error', new TypeError('x')],
    ['an error of another family', new TriggersError('TRG_STORE_UNAVAILABLE', 'x')],
  ])('lets %s through', (_what, error) => {
    const problems = new DefinitionProblems();
    expect(() => problems.attempt(fail(error))).toThrow(error);
    expect(() => problems.throwIfAny()).not.toThrow();
  });
});

describe('checkName', () => {
  it.each(['a', 'file_watcher', 'A.b-c_9', 'a'.repeat(100)])('accepts %s', (name) => {
    expect(checkName(name, 'Trigger')).toBe(name);
  });

  it.each([['', '9a', '_a', 'a b', 'ä', 'a\n', 'a'.repeat(101), 7, undefined]].flat())('refuses %j', (name) => {
    expect(() => checkName(name, 'Trigger of Inbox.watch')).toThrow(/^Trigger of Inbox\.watch: .* is no name\. Write/s);
  });
});
