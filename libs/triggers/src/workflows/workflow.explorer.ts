import { Injectable } from '@nestjs/common';
import { checkName } from '../discovery/definition-name.js';
import { DefinitionProblems } from '../discovery/definition-problems.js';
import type { DiscoveredClass } from '../discovery/discovered-class.js';
import { ProviderExplorer } from '../discovery/provider.explorer.js';
import { TriggersError } from '../model/errors.js';
import { TaskBuilder } from './task.builder.js';
import type { TaskSource } from './task.builder.js';
import { resolveCallback } from './callback-target.js';
import type { CallbackName, CallbackOption } from './callback.types.js';
import { TASK } from './task.decorator.js';
import { buildTaskGraph } from './task-graph.js';
import type { TaskGraph } from './task-graph.js';
import type { CallbackTarget, WorkflowDefinition } from './workflow.definition.js';
import { WORKFLOW } from './workflow.decorator.js';
import type { WorkflowOptions } from './workflow.decorator.js';
import { resolveInputCheck } from './workflow-input.js';
import { WorkflowRegistry } from './workflow.registry.js';

/** Builds the workflows of the application from its decorators, at boot. What is wrong goes to the collected problems. */
@Injectable()
export class WorkflowExplorer {
  readonly #tasks: TaskBuilder;

  constructor(
    private readonly providers: ProviderExplorer,
    private readonly registry: WorkflowRegistry,
    private readonly problems: DefinitionProblems,
  ) {
    this.#tasks = new TaskBuilder(providers, problems);
  }

  /** Puts every workflow into the registry; one that has a problem is left out and its problems are kept. */
  explore(): void {
    for (const found of this.providers.all()) {
      const options = found.classValues(WORKFLOW)[0];
      if (options !== undefined) this.#register(found, options);
      else if (found.methods(TASK).length > 0) this.problems.add(forgottenWorkflow(found));
    }
  }

  #register(found: DiscoveredClass, options: WorkflowOptions): void {
    const name = this.problems.attempt(() => checkName(options.name, `Workflow of class ${found.name}`));
    if (name === undefined) return;
    const sources = this.#tasks.declare(name, found);
    const { graph, problems } = buildTaskGraph(name, sources);
    for (const problem of problems) this.problems.add(problem);
    const definition = graph && this.#define(found, options, { name, sources, graph });
    if (definition) this.problems.attempt(() => this.registry.add(definition));
  }

  #define(
    found: DiscoveredClass,
    options: WorkflowOptions,
    { name, sources, graph }: { name: string; sources: readonly TaskSource[]; graph: TaskGraph },
  ): WorkflowDefinition {
    const { input } = options;
    const where = `Workflow "${name}"`;
    const callback = (of: CallbackName, option: CallbackOption | undefined): CallbackTarget | undefined =>
      option === undefined
        ? undefined
        : this.problems.attempt(() => resolveCallback({ option, name: of, where, owner: found }, this.providers));
    const check = 'input' in options ? () => resolveInputCheck(input!, `${where}, option "input"`) : () => null;
    return {
      name,
      description: options.description ?? null,
      hash: graph.hash,
      tasks: this.#tasks.build(found, sources, graph),
      input: this.problems.attempt(check) ?? null,
      callbacks: {
        onSuccess: callback('onSuccess', options.onSuccess),
        onFailure: callback('onFailure', options.onFailure),
      },
      target: found.target,
    };
  }
}

function forgottenWorkflow(found: DiscoveredClass): TriggersError {
  return new TriggersError(
    'TRG_DEF_INVALID_OPTION',
    `The class ${found.name} has methods with @Task but is no workflow. Put @Workflow({ name: … }) on it.`,
  );
}
