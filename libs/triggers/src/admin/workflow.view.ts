import type { ExecutionItem } from '../history/history.types.js';
import type { RunWhen, WorkflowDefinition } from '../workflows/workflow.definition.js';

/** A workflow as lists show it. */
export interface WorkflowView {
  readonly name: string;
  readonly description: string | null;
  readonly hash: string;
  /** The ids of its tasks, in topological order. */
  readonly tasks: readonly string[];
  /** The triggers that start it. */
  readonly triggers: readonly string[];
}

/** A task as a node of its workflow's graph. */
export interface GraphNode {
  readonly id: string;
  readonly dependencies: readonly string[];
  readonly dependents: readonly string[];
  readonly pool: string;
  readonly runWhen: RunWhen;
  readonly maxAttempts: number;
  readonly timeoutMs: number | null;
}

/** A workflow with its graph, its input and its last executions. */
export interface WorkflowDetail extends WorkflowView {
  readonly graph: readonly GraphNode[];
  /** JSON Schema of the input, draft 2020-12, as far as it is known. */
  readonly inputSchema: object | null;
  readonly lastExecutions: readonly ExecutionItem[];
}

/** A workflow as lists show it. */
export function toWorkflowView(
  { name, description, hash, tasks }: WorkflowDefinition,
  triggers: readonly string[],
): WorkflowView {
  return { name, description, hash, tasks: tasks.map(({ id }) => id), triggers };
}

/** A workflow with everything that people ask of it. */
export function toWorkflowDetail(
  workflow: WorkflowDefinition,
  triggers: readonly string[],
  lastExecutions: readonly ExecutionItem[],
): WorkflowDetail {
  return {
    ...toWorkflowView(workflow, triggers),
    graph: workflow.tasks.map(({ id, dependencies, dependents, pool, runWhen, retry, timeoutMs }) => ({
      id,
      dependencies,
      dependents,
      pool,
      runWhen,
      timeoutMs,
      maxAttempts: retry.attempts,
    })),
    inputSchema: workflow.input?.jsonSchema() ?? null,
    lastExecutions,
  };
}
