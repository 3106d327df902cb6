import { Injectable, Logger } from '@nestjs/common';
import { Clock } from '../model/clock.js';
import { EndListener } from '../model/end-listener.js';
import { TriggersError } from '../model/errors.js';
import type { ExecutionId } from '../model/ids.js';
import { quoteAll } from '../model/text.js';
import { failExecution } from '../store/fail-execution.js';
import type { Row } from '../store/dialects/batch.js';
import { toDate } from '../store/dialects/batch.js';
import { liveHashes } from '../store/node.repository.js';
import { adopt, findForeign, readUnfinished } from '../store/rescue.repository.js';
import type { TaskPlace } from '../store/claimer.js';
import { Store } from '../store/store.service.js';
import type { WorkflowDefinition } from '../workflows/workflow.definition.js';
import { WorkflowRegistry } from '../workflows/workflow.registry.js';
import { EventBus } from '../model/events.js';
import { ServedPools } from './served-pools.service.js';
import { storedError } from './task-output.js';

/** Work that no live node can continue for this long has failed. */
export const STRANDED_AFTER_MS = 600_000;
/** Executions that are looked at in one go, and how many such pages one look takes at most. */
const PAGE = 200;
const MAX_PAGES = 20;

/**
 * Looks after executions whose workflow has changed since they began. An execution ends on the graph that it started
 * with: when every unfinished task of it still exists with the same dependencies, a node that runs what is ready adopts it; when no
 * live node declares its shape for ten minutes, it fails and says which tasks are missing. What lacks a node of its pool alone waits; see
 * {@link PoolWatch}.
 */
@Injectable()
export class WorkflowWatch {
  readonly #logger = new Logger('engine');
  /** Since when no live node declares a shape, by the monotonic clock. */
  readonly #strandedSince = new Map<string, number>();
  /** Stranded shapes that were seen since everything was looked at, and where the next look goes on. */
  readonly #seen = new Set<string>();
  #skip = 0;

  constructor(
    private readonly store: Store,
    private readonly clock: Clock,
    private readonly workflows: WorkflowRegistry,
    private readonly pools: ServedPools,
    private readonly events: EventBus,
    private readonly listener: EndListener,
  ) {}

  async runOnce(): Promise<Looked> {
    const declared = this.workflows.all().map(({ name, hash }) => `${name}:${hash}`);
    const done = { adopted: 0, failed: 0 };
    for (let page = 0; page < MAX_PAGES; page += 1) {
      const foreign = await this.store.change(() => findForeign(declared, this.#skip, PAGE));
      const { adopted, failed } = await this.#look(foreign);
      done.adopted += adopted;
      done.failed += failed;
      this.#skip += foreign.length - adopted - failed;
      if (foreign.length < PAGE) this.#beginAgain();
      // Each failure is a commit, for which the next look has time again.
      if (foreign.length < PAGE || failed > 0) break;
    }
    if (done.adopted > 0)
      this.#logger.log(`Goes on with ${done.adopted} executions whose workflow has changed compatibly.`);
    return done;
  }

  async #look(foreign: readonly Row[]): Promise<Looked> {
    if (foreign.length === 0) return { adopted: 0, failed: 0 };
    const unfinished = groupByExecution(
      await this.store.change(() => readUnfinished(foreign.map((row) => row['execution_id'] as string))),
    );
    const adoptable: { id: string; hash: string }[] = [];
    const stranded: Row[] = [];
    for (const row of foreign) {
      const id = row['execution_id'] as string;
      const tasks = unfinished.get(id) ?? [];
      const definition = this.workflows.get(row['workflow'] as string);
      if (definition === undefined || missingTasks(definition, tasks).length > 0) stranded.push(row);
      else if (this.#runsSome(definition, tasks)) adoptable.push({ id, hash: definition.hash });
    }
    if (adoptable.length > 0) {
      await this.store.change(function* (scope) {
        yield* adopt(adoptable);
        scope.leavesSomeReady();
      });
    }
    return { adopted: adoptable.length, failed: await this.#failStranded(stranded, unfinished) };
  }

  /** A node that runs nothing of what is ready would only take it away from those that do. */
  #runsSome({ tasks }: WorkflowDefinition, unfinished: readonly Row[]): boolean {
    return unfinished.some(
      (row) => row['state'] === 'ready' && tasks.some(({ id, pool }) => id === row['task'] && this.pools.has(pool)),
    );
  }

  async #failStranded(stranded: readonly Row[], unfinished: ReadonlyMap<string, readonly Row[]>): Promise<number> {
    await this.#watchShapes(new Set(stranded.map(shapeOf)));
    const now = this.clock.monotonic();
    const late = stranded.filter(
      (row) =>
        now - (this.#strandedSince.get(shapeOf(row)) ?? now) >= STRANDED_AFTER_MS &&
        this.clock.now() - (toDate(row['since'])?.getTime() ?? 0) >= STRANDED_AFTER_MS,
    );
    for (const row of late) await this.#fail(row, unfinished.get(row['execution_id'] as string) ?? []);
    return late.length;
  }

  async #fail(row: Row, unfinished: readonly Row[]): Promise<void> {
    const executionId = row['execution_id'] as ExecutionId;
    const workflow = row['workflow'] as string;
    const definition = this.workflows.get(workflow);
    const error = cannotGoOn(executionId, workflow, definition && missingTasks(definition, unfinished));
    const tells = definition?.callbacks.onFailure !== undefined;
    const end = await this.store.change((scope) => failExecution(executionId, storedError(error), tells, scope));
    if (end === null) return;
    this.listener.executionEnded({ executionId, workflow, kind: end.callback, error });
    this.events.emit('execution.failed', { executionId, workflow, error: error.message });
  }

  /** Ten minutes begin when nobody alive declares a shape, not when its work became ready: a deploy can be taken back. */
  async #watchShapes(shapes: ReadonlySet<string>): Promise<void> {
    const live = shapes.size === 0 ? new Set<string>() : await this.store.change(() => liveHashes());
    const now = this.clock.monotonic();
    for (const shape of shapes) {
      if (live.has(shape)) {
        this.#strandedSince.delete(shape);
        continue;
      }
      this.#seen.add(shape);
      this.#strandedSince.set(shape, this.#strandedSince.get(shape) ?? now);
    }
  }

  /** All have been looked at: shapes that were not among them, or that somebody declares, are stranded no more. */
  #beginAgain(): void {
    for (const shape of this.#strandedSince.keys()) if (!this.#seen.has(shape)) this.#strandedSince.delete(shape);
    this.#seen.clear();
    this.#skip = 0;
  }
}

/** What a look did. */
interface Looked {
  readonly adopted: number;
  readonly failed: number;
}

function cannotGoOn(id: ExecutionId, workflow: string, missing: readonly string[] | undefined): TriggersError {
  const why =
    missing === undefined
      ? `no live node declares workflow "${workflow}"`
      : `workflow "${workflow}" has changed, its tasks ${quoteAll(missing)} are gone or depend on others`;
  return new TriggersError(
    'TRG_WORKFLOW_CHANGED',
    `Execution "${id}" cannot go on: ${why}. Deploy a version that has them and retry the execution, or replay it.`,
  );
}

function shapeOf(row: Row): string {
  return `${String(row['workflow'])}:${String(row['workflow_hash'])}`;
}

function groupByExecution(rows: readonly Row[]): Map<string, Row[]> {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const id = row['execution_id'] as string;
    groups.set(id, [...(groups.get(id) ?? []), row]);
  }
  return groups;
}

function missingTasks(definition: WorkflowDefinition, unfinished: readonly Row[]): string[] {
  return unfinished.flatMap((row) => {
    const task = definition.tasks.find(({ id }) => id === row['task']);
    const { dependencies } = JSON.parse(row['graph'] as string) as TaskPlace;
    const same = task !== undefined && [...task.dependencies].sort().join() === [...dependencies].sort().join();
    return same ? [] : [row['task'] as string];
  });
}
