import { Injectable } from '@nestjs/common';
import { TriggersError } from '../model/errors.js';
import { quoteAll } from '../model/text.js';
import type { WorkflowDefinition } from './workflow.definition.js';
import type { WorkflowRef } from './workflow-ref.js';

/** The workflows that this process declares, by name. Filled at boot, read by everybody. */
@Injectable()
export class WorkflowRegistry {
  readonly #byName = new Map<string, WorkflowDefinition>();
  readonly #byTarget = new Map<unknown, WorkflowDefinition>();
  /** The pools of tasks by their ids: asked with every task that becomes ready. */
  readonly #pools = new Map<WorkflowDefinition, ReadonlyMap<string, string>>();

  /**
   * Adds a workflow.
   *
   * @throws TRG_DEF_DUPLICATE_WORKFLOW when another class has that name
   */
  add(definition: WorkflowDefinition): void {
    const other = this.#byName.get(definition.name);
    if (other !== undefined) {
      throw new TriggersError(
        'TRG_DEF_DUPLICATE_WORKFLOW',
        `Two workflows have the name "${definition.name}": the classes ${other.target.name} and ` +
          `${definition.target.name}. Give one of them another name.`,
      );
    }
    this.#byName.set(definition.name, definition);
    this.#byTarget.set(definition.target, definition);
    this.#pools.set(definition, new Map(definition.tasks.map(({ id, pool }) => [id, pool])));
  }

  /** The workflow of that name, if this process declares it. */
  get(name: string): WorkflowDefinition | undefined {
    return this.#byName.get(name);
  }

  /** The workflow of that name if it still has the shape that an execution started with. */
  byHash(name: string, hash: string): WorkflowDefinition | undefined {
    const definition = this.#byName.get(name);
    return definition?.hash === hash ? definition : undefined;
  }

  /** The pool of a task, if this process declares a workflow of that shape which has it. */
  poolOf(workflow: string, hash: string, task: string): string | undefined {
    const definition = this.byHash(workflow, hash);
    return definition && this.#pools.get(definition)?.get(task);
  }

  /** Every pool that a task of this process declares, sorted. */
  pools(): readonly string[] {
    return [...new Set([...this.#pools.values()].flatMap((pools) => [...pools.values()]))].sort();
  }

  /** Every workflow, in the order in which they were found. */
  all(): readonly WorkflowDefinition[] {
    return [...this.#byName.values()];
  }

  /**
   * The workflow that a definition refers to, by name or class.
   *
   * @param ref the name or the class
   * @param forWhom who refers to it, for the message: `Trigger "nightly"`
   * @param does what it does with it, for the message
   * @throws TRG_DEF_UNKNOWN_WORKFLOW with the names that are known
   * @example registry.require('backup', 'Trigger "nightly"')
   */
  require(ref: WorkflowRef, forWhom = 'The application', does = 'starts'): WorkflowDefinition {
    const found = typeof ref === 'string' ? this.#byName.get(ref) : this.#byTarget.get(ref);
    if (found !== undefined) return found;
    const message = `${forWhom} ${does} ${describe(ref)} Known: ${quoteAll(this.#byName.keys())}.`;
    throw new TriggersError('TRG_DEF_UNKNOWN_WORKFLOW', message);
  }
}

function describe(ref: unknown): string {
  if (typeof ref === 'string') return `unknown workflow "${ref}".`;
  if (typeof ref !== 'function') return `${String(ref)} as a workflow; a circular import leaves the class undefined.`;
  return `the class ${ref.name}, which is no workflow: put @Workflow() on it and list it in the providers of a module.`;
}
