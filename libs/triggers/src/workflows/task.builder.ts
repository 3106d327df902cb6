import { checkName } from '../discovery/definition-name.js';
import type { DefinitionProblems } from '../discovery/definition-problems.js';
import type { DiscoveredClass } from '../discovery/discovered-class.js';
import type { ProviderExplorer } from '../discovery/provider.explorer.js';
import { parseDuration } from '../model/duration.js';
import { TriggersError } from '../model/errors.js';
import { quoteAll } from '../model/text.js';
import { resolveCallback } from './callback-target.js';
import type { CallbackName } from './callback.types.js';
import { resolveRetryPolicy } from './retry-policy.js';
import type { RetryPolicy } from './retry-policy.js';
import { TASK } from './task.decorator.js';
import type { DeclaredTask } from './task-dependencies.js';
import type { GraphTask, TaskGraph } from './task-graph.js';
import { DEFAULT_TASK_OPTIONS } from './task.options.js';
import type { TaskOptions } from './task.options.js';
import { RUN_WHEN } from './workflow.definition.js';
import type { CallbackTarget, RunWhen, TaskCallbacks, TaskDefinition } from './workflow.definition.js';

/** A task as it was declared, with everything of it checked that does not need the others. */
export interface TaskSource extends DeclaredTask {
  readonly options: TaskOptions;
  readonly timeoutMs: number | null;
  readonly retry: RetryPolicy;
  readonly pool: string;
  readonly callbacks: TaskCallbacks;
}

/** Turns the `@Task` methods of one class into tasks, in two turns: each by itself, then in their graph. */
export class TaskBuilder {
  constructor(
    private readonly providers: ProviderExplorer,
    private readonly problems: DefinitionProblems,
  ) {}

  /** The tasks of a class, in the order of its methods. One that has a problem stays, so that others can refer to it. */
  declare(workflow: string, owner: DiscoveredClass): readonly TaskSource[] {
    return owner
      .methods(TASK)
      .flatMap(({ name, values }) => values.map((options) => this.#declareTask(workflow, owner, name, options)));
  }

  /** The tasks in their graph, ready to run. */
  build(owner: DiscoveredClass, sources: readonly TaskSource[], graph: TaskGraph): readonly TaskDefinition[] {
    const byId = new Map(sources.map((source) => [source.id, source]));
    return graph.tasks.map((task) => define(task, byId.get(task.id) as TaskSource, owner));
  }

  #declareTask(workflow: string, owner: DiscoveredClass, method: string, options: TaskOptions): TaskSource {
    const id = options.id ?? method;
    const where = `Workflow "${workflow}", task "${id}"`;
    const attempt = <T>(check: () => T): T | undefined => this.problems.attempt(check);
    attempt(() => checkName(id, `Workflow "${workflow}", task of method "${method}"`));
    return {
      id,
      method,
      dependencies: options.dependencies ?? DEFAULT_TASK_OPTIONS.dependencies,
      runWhen: attempt(() => checkRunWhen(options.runWhen, where)) ?? DEFAULT_TASK_OPTIONS.runWhen,
      options,
      timeoutMs: attempt(() => resolveTimeout(options.timeout, where)) ?? null,
      retry:
        attempt(() => resolveRetryPolicy(options.retry ?? {}, where)) ??
        resolveRetryPolicy(DEFAULT_TASK_OPTIONS.retry, where),
      pool:
        attempt(() => checkName(options.pool ?? DEFAULT_TASK_OPTIONS.pool, `${where}, option "pool"`)) ??
        DEFAULT_TASK_OPTIONS.pool,
      callbacks: this.#callbacks(options, owner, where),
    };
  }

  #callbacks(options: TaskOptions, owner: DiscoveredClass, where: string): TaskCallbacks {
    const resolve = (name: CallbackName): CallbackTarget | undefined => {
      const option = options[name];
      if (option === undefined) return undefined;
      return this.problems.attempt(() => resolveCallback({ option, name, where, owner }, this.providers));
    };
    return { onSuccess: resolve('onSuccess'), onFailure: resolve('onFailure'), onRetry: resolve('onRetry') };
  }
}

function define(task: GraphTask, source: TaskSource, owner: DiscoveredClass): TaskDefinition {
  const { id, ordinal, dependencies, dependents, ancestors, method } = task;
  const { runWhen, retry, timeoutMs, pool, callbacks, options } = source;
  const when = options.when;
  // No spreads: they would give every definition a hidden class of its own, and every run reads some.
  return {
    id,
    ordinal,
    dependencies,
    dependents,
    ancestors,
    runWhen,
    when,
    retry,
    timeoutMs,
    pool,
    callbacks,
    method: owner.invoker(method),
  };
}

function resolveTimeout(timeout: TaskOptions['timeout'], where: string): number | null {
  if (timeout === 'none') return null;
  const timeoutMs = parseDuration(timeout ?? DEFAULT_TASK_OPTIONS.timeout, `${where}, option "timeout"`);
  if (timeoutMs > 0) return timeoutMs;
  const message = `${where}, option "timeout": ${timeout} leaves no time to run. Write a longer one, or "none" for no limit.`;
  throw new TriggersError('TRG_DEF_INVALID_OPTION', message);
}

function checkRunWhen(runWhen: RunWhen = DEFAULT_TASK_OPTIONS.runWhen, where: string): RunWhen {
  if (RUN_WHEN.includes(runWhen)) return runWhen;
  const message = `${where}, option "runWhen" is ${JSON.stringify(runWhen)}; it takes ${quoteAll(RUN_WHEN)}.`;
  throw new TriggersError('TRG_DEF_INVALID_OPTION', message);
}
