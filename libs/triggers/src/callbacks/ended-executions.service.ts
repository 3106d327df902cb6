import { Injectable, Logger } from '@nestjs/common';
import type { EndedExecutionNotice, EndedTaskNotice } from '../model/end-listener.js';
import type { ExecutionId } from '../model/ids.js';
import type { StoredError, TaskPlace } from '../store/claimer.js';
import { batch } from '../store/dialects/batch.js';
import type { Batch, Row } from '../store/dialects/batch.js';
import { ENDED_OUTPUTS, mergedResult } from '../store/ended-execution.js';
import { liveWorkflows } from '../store/node.repository.js';
import { ASKING, asking, isOrphaned } from '../store/orphaned.js';
import { Store } from '../store/store.service.js';
import { StoredView } from './stored-view.js';

const READ_EXECUTION = batch(
  'ended_execution',
  { _id: 'text' },
  () => `SELECT e.id, e.workflow, e.trigger, e.error, f.context FROM g
    JOIN triggers_execution e ON e.id = g._id JOIN triggers_firing f ON f.id = e.firing_id`,
);

const orphaned = (table: string, columns: string, name: string): Batch =>
  batch(
    name,
    ASKING,
    ({ now }) => `SELECT ${columns} FROM ${table}
      WHERE callback_state = 'pending' AND ${isOrphaned('callback_owner', now)} LIMIT 500`,
  );

const ORPHANED_TASKS = orphaned(
  'triggers_task',
  'execution_id, task, workflow, graph, attempt, error, output, callback',
  'told_orphaned_tasks',
);
const ORPHANED_EXECUTIONS = orphaned('triggers_execution', 'id, workflow, callback', 'told_orphaned_executions');

/** A callback that nobody alive is telling: of a task, or of an execution. */
export interface OrphanedCallback {
  readonly notice: EndedTaskNotice | null;
  readonly execution: EndedExecutionNotice | null;
}

/** What the process that asks is about to call already, and what it declares. */
interface OwnCallbacks {
  readonly isTelling: (executionId: ExecutionId) => boolean;
  readonly isDeclared: (workflow: string) => boolean;
}

/** Reads ended executions for callbacks: what they see, and which of them were never told. */
@Injectable()
export class EndedExecutions {
  readonly #logger = new Logger('callbacks');

  constructor(private readonly store: Store) {}

  /** What the callback of a workflow sees: the input and all outputs, and the error of the first task that failed. */
  async view(executionId: ExecutionId): Promise<{ readonly view: StoredView; readonly failure: Error }> {
    const [[row], outputs] = await Promise.all([
      this.store.read(READ_EXECUTION, [[executionId]]),
      this.store.read(ENDED_OUTPUTS, [[executionId]]),
    ]);
    const data = mergedResult(inputOf(row), outputs);
    const view = new StoredView(
      { executionId, workflow: String(row?.['workflow']), trigger: (row?.['trigger'] as string | null) ?? null },
      data,
      this.#logger,
    );
    return { view, failure: restored(row?.['error']) };
  }

  /** Pending callbacks whose node is dead or has forgotten them, and that no other living node has to call. */
  async orphanedCallbacks({ isTelling, isDeclared }: OwnCallbacks): Promise<OrphanedCallback[]> {
    const asked = asking(this.store.commits.claimer?.nodeId);
    const [tasks, executions] = await Promise.all([
      this.store.read(ORPHANED_TASKS, [asked]),
      this.store.read(ORPHANED_EXECUTIONS, [asked]),
    ]);
    const foreign = [...tasks, ...executions].some((row) => !isDeclared(row['workflow'] as string));
    const elsewhere = foreign ? await this.store.look(() => liveWorkflows()) : new Set<string>();
    const isOurs = (workflow: string): boolean => isDeclared(workflow) || !elsewhere.has(workflow);
    const found: OrphanedCallback[] = [];
    for (const row of tasks) {
      if (!isTelling(row['execution_id'] as ExecutionId) && isOurs(row['workflow'] as string))
        found.push({ notice: await this.#taskNotice(row), execution: null });
    }
    for (const row of executions) {
      const [executionId, workflow] = [row['id'] as ExecutionId, row['workflow'] as string];
      const kind = row['callback'] as EndedExecutionNotice['kind'];
      if (!isTelling(executionId) && isOurs(workflow))
        found.push({ notice: null, execution: { executionId, workflow, kind, error: null } });
    }
    return found;
  }

  async #taskNotice(row: Row): Promise<EndedTaskNotice> {
    const executionId = row['execution_id'] as ExecutionId;
    const task = row['task'] as string;
    const { ancestors } = JSON.parse(row['graph'] as string) as TaskPlace;
    const [[execution], outputs] = await Promise.all([
      this.store.read(READ_EXECUTION, [[executionId]]),
      this.store.read(ENDED_OUTPUTS, [[executionId]]),
    ]);
    const seen = outputs.filter((output) => ancestors.includes(output['task'] as string) || output['task'] === task);
    const workflow = row['workflow'] as string;
    const place = { executionId, workflow, trigger: (execution?.['trigger'] as string | null) ?? null };
    const context = new StoredView(place, mergedResult(inputOf(execution), seen), this.#logger, {
      taskId: task,
      attempt: Number(row['attempt']),
    });
    const kind = row['callback'] as 'onSuccess' | 'onFailure';
    return { executionId, workflow, task, kind, error: kind === 'onFailure' ? restored(row['error']) : null, context };
  }
}

function inputOf(row: Row | undefined): string | null | undefined {
  return row?.['context'] as string | null | undefined;
}

function restored(json: unknown): Error {
  const { name, message } =
    typeof json === 'string' ? (JSON.parse(json) as StoredError) : { name: 'Error', message: 'unknown' };
  const error = new Error(message);
  error.name = name;
  return error;
}
