import { snakeCase } from '../discovery/snake-case.js';
import { TriggersError } from '../model/errors.js';
import { quoteAll } from '../model/text.js';
import type { RunWhen } from './workflow.definition.js';

/** A task as its decorator declares it. */
export interface DeclaredTask {
  readonly id: string;
  /** The name of its method. */
  readonly method: string;
  /** Ids, names of methods, or snake_case forms of them. */
  readonly dependencies: readonly string[];
  readonly runWhen: RunWhen;
}

/** Tasks whose dependencies are ids, each once, and what was wrong with the rest. */
export interface ResolvedDependencies {
  /** By place in the list of tasks: the ids that the task waits for. */
  readonly ids: readonly (readonly string[])[];
  readonly problems: readonly TriggersError[];
}

/**
 * Turns dependencies into ids. A name means the task with that id, else the task of the method with that name, else the
 * task of the method with that snake_case form.
 */
export function resolveDependencies(workflow: string, tasks: readonly DeclaredTask[]): ResolvedDependencies {
  const byName = namesOf(tasks);
  const problems: TriggersError[] = [];
  const ids = tasks.map(({ id, dependencies }) => {
    const known = new Set<string>();
    for (const name of dependencies) {
      const found = byName.get(name);
      if (found === undefined) problems.push(unknownDependency(workflow, id, name, tasks));
      else known.add(found);
    }
    return [...known];
  });
  return { ids, problems };
}

/** The errors of ids that more than one task has. */
export function duplicateIds(workflow: string, tasks: readonly DeclaredTask[]): readonly TriggersError[] {
  const first = new Map<string, DeclaredTask>();
  return tasks.flatMap((task) => {
    const other = first.get(task.id);
    if (other === undefined) {
      first.set(task.id, task);
      return [];
    }
    const message =
      `Workflow "${workflow}" has two tasks with the id "${task.id}": ` +
      `methods "${other.method}" and "${task.method}". Give one of them another "id".`;
    return [new TriggersError('TRG_DEF_DUPLICATE_TASK', message)];
  });
}

function namesOf(tasks: readonly DeclaredTask[]): ReadonlyMap<string, string> {
  const byName = new Map<string, string>();
  const ways: readonly ((task: DeclaredTask) => string)[] = [
    ({ id }) => id,
    ({ method }) => method,
    ({ method }) => snakeCase(method),
  ];
  for (const nameOf of ways) {
    for (const task of tasks) {
      const name = nameOf(task);
      if (!byName.has(name)) byName.set(name, task.id);
    }
  }
  return byName;
}

function unknownDependency(workflow: string, id: string, name: string, tasks: readonly DeclaredTask[]): TriggersError {
  return new TriggersError(
    'TRG_DEF_UNKNOWN_DEPENDENCY',
    `Workflow "${workflow}", task "${id}" depends on unknown task "${name}". ` +
      `Known: ${quoteAll(tasks.map((task) => task.id))}.`,
  );
}
