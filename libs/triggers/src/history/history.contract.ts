import { newId } from '../model/ids.js';
import type { ExecutionId, FiringId, NodeId, TaskExecutionId } from '../model/ids.js';
import { SystemClock } from '../model/clock.js';
import { EventBus } from '../model/events.js';
import { resolveDatabaseOptions } from '../store/database.options.js';
import type {
  AuditRow,
  ExecutionRow,
  FiringRow,
  NodeRow,
  TaskRow,
  TickRow,
  TriggerRow,
} from '../store/entities/rows.js';
import { Store } from '../store/store.service.js';

/** The databases that every test of reading runs on. */
export const DATABASES = ['sqlite', 'postgres'] as const;

/** An empty store; on Postgres in a schema of its own. */
export async function openStore(database: (typeof DATABASES)[number]): Promise<Store> {
  const clock = new SystemClock();
  const events = new EventBus(Date.now, () => undefined);
  if (database === 'sqlite') {
    const store = new Store(resolveDatabaseOptions({ type: 'sqlite', path: ':memory:' }), clock, events);
    await store.open();
    return store;
  }
  const url = process.env['TEST_POSTGRES_URL'] ?? '';
  const schema = `admin_${newId().replaceAll('-', '')}`;
  const { Client } = await import('pg');
  const client = new Client({ connectionString: url });
  await client.connect();
  await client.query(`CREATE SCHEMA ${schema}`);
  await client.end();
  const store = new Store(resolveDatabaseOptions({ type: 'postgres', url, schema }), clock, events);
  await store.open();
  return store;
}

/** Writes rows as the engine would have left them; what a test does not say is unremarkable. */
export class Seed {
  constructor(private readonly store: Store) {}

  async firing(given: Partial<FiringRow> = {}): Promise<FiringRow> {
    const row: FiringRow = {
      id: newId<FiringId>(),
      trigger: 'inbox',
      kind: 'poll',
      state: 'accepted',
      dedupSpace: null,
      dedupKey: null,
      dedupScope: null,
      dedupCooldown: false,
      dedupLabel: null,
      context: '{}',
      executions: '[]',
      openExecutions: 0,
      failedExecutions: 0,
      reason: null,
      initiatedBy: null,
      causedBy: null,
      depth: 0,
      priority: null,
      deliveryKey: null,
      replayOf: null,
      duplicates: 0,
      lastDuplicateAt: null,
      scheduledFor: null,
      payload: null,
      origin: null,
      letterUntil: null,
      closedAt: null,
      closedBy: null,
      createdAt: new Date(),
      ...given,
    };
    await this.store.dialect.writer.manager.insert(this.store.entities.firing, row);
    return row;
  }

  async execution(given: Partial<ExecutionRow> & { readonly context?: string } = {}): Promise<ExecutionRow> {
    const { context = '{}', ...columns } = given;
    const id = columns.id ?? newId<ExecutionId>();
    const trigger = columns.trigger === undefined ? 'inbox' : columns.trigger;
    const firingId = columns.firingId ?? (await this.firing({ context, trigger, executions: JSON.stringify([id]) })).id;
    const row: ExecutionRow = {
      id,
      firingId,
      trigger,
      workflow: 'files',
      workflowHash: 'f'.repeat(16),
      state: 'completed',
      openEnds: 0,
      failedTasks: 0,
      error: null,
      callback: null,
      callbackState: null,
      callbackError: null,
      callbackOwner: null,
      initiatedBy: null,
      replayOf: null,
      closedAt: null,
      closedBy: null,
      createdAt: new Date(),
      startedAt: null,
      finishedAt: null,
      ...columns,
    };
    await this.store.dialect.writer.manager.insert(this.store.entities.execution, row);
    return row;
  }

  async task(given: Partial<TaskRow> & Pick<TaskRow, 'executionId' | 'task'>): Promise<TaskRow> {
    const row: TaskRow = {
      id: newId<TaskExecutionId>(),
      ordinal: 0,
      workflow: 'files',
      workflowHash: 'f'.repeat(16),
      pool: 'default',
      state: 'completed',
      graph: '{"dependencies":[],"dependents":[],"ancestors":[]}',
      runWhen: 'allSucceeded',
      openDependencies: 0,
      succeededDependencies: 0,
      failedDependencies: 0,
      skippedDependencies: 0,
      attempt: 1,
      maxAttempts: 3,
      rescues: 0,
      priority: 0,
      runAt: new Date(),
      waitsSince: null,
      owner: null,
      leaseToken: null,
      heldBy: null,
      startedAt: null,
      finishedAt: null,
      output: null,
      error: null,
      reason: null,
      attempts: null,
      callback: null,
      callbackState: null,
      callbackError: null,
      callbackOwner: null,
      ...given,
    };
    await this.store.dialect.writer.manager.insert(this.store.entities.task, row);
    return row;
  }

  async trigger(given: Partial<TriggerRow> = {}): Promise<TriggerRow> {
    const row: TriggerRow = {
      name: 'inbox',
      kind: 'poll',
      enabledOverride: null,
      intervalOverrideMs: null,
      cursor: null,
      cursorVersion: 0,
      owner: null,
      wantedBy: null,
      epoch: 0,
      polls: 0,
      fires: 0,
      skips: 0,
      duplicates: 0,
      failures: 0,
      consecutiveFailures: 0,
      lastError: null,
      suspendedAt: null,
      lastPollAt: null,
      lastFireAt: null,
      follows: null,
      firstSeenAt: new Date(),
      seenAt: new Date(),
      ...given,
    };
    await this.store.dialect.writer.manager.insert(this.store.entities.trigger, row);
    return row;
  }

  async tick(given: Partial<TickRow> = {}): Promise<TickRow> {
    const row: TickRow = {
      id: newId(),
      trigger: 'inbox',
      at: new Date(),
      lastAt: new Date(),
      count: 1,
      outcome: 'skipped',
      reason: null,
      durationMs: 1,
      firingIds: '[]',
      ...given,
    };
    await this.store.dialect.writer.manager.insert(this.store.entities.tick, row);
    return row;
  }

  async audit(given: Partial<AuditRow> = {}): Promise<AuditRow> {
    const row: AuditRow = {
      id: newId(),
      at: new Date(),
      actor: 'ops',
      action: 'trigger.enable',
      target: 'inbox',
      reason: null,
      address: null,
      details: null,
      ...given,
    };
    await this.store.dialect.writer.manager.insert(this.store.entities.audit, row);
    return row;
  }

  async node(given: Partial<NodeRow> = {}): Promise<NodeRow> {
    const row: NodeRow = {
      id: newId<NodeId>(),
      name: 'node-1',
      leaseUntil: new Date(Date.now() + 30_000),
      leaseMs: 30_000,
      startedAt: new Date(),
      workflows: '[]',
      roles: '["api","scheduler","worker"]',
      pools: '["default"]',
      concurrency: 20,
      host: 'machine',
      pid: 1,
      version: '0.0.0',
      ...given,
    };
    await this.store.dialect.writer.manager.insert(this.store.entities.node, row);
    return row;
  }
}
