import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The first schema of the ledger. */
export class Initial1781000000000 implements MigrationInterface {
  readonly name = 'Initial1781000000000';

  async up(runner: QueryRunner): Promise<void> {
    const types = TYPES[runner.dataSource.options.type === 'postgres' ? 'postgres' : 'sqlite'];
    for (const statements of [nodesAndTriggers, firings, executions, tasks, records]) {
      for (const statement of statements(types)) await runner.query(statement);
    }
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of [
      'audit',
      'tick',
      'follow_up',
      'task',
      'execution',
      'rate',
      'delivery',
      'dedup',
      'firing',
      'trigger',
      'node',
    ]) {
      await runner.query(`DROP TABLE triggers_${table}`);
    }
  }
}

interface Types {
  readonly instant: string;
  readonly bytes: string;
  readonly float: string;
  readonly count: string;
  readonly flag: string;
  /** What follows the definition of a table with a short row. */
  readonly narrow: string;
}

const TYPES: Readonly<Record<'sqlite' | 'postgres', Types>> = {
  sqlite: {
    instant: 'text',
    bytes: 'blob',
    float: 'real',
    count: 'integer',
    flag: 'boolean',
    narrow: ' WITHOUT ROWID',
  },
  postgres: { instant: 'timestamptz', bytes: 'bytea', float: 'float8', count: 'int8', flag: 'bool', narrow: '' },
};

function nodesAndTriggers({ instant, count, flag }: Types): string[] {
  return [
    `CREATE TABLE triggers_node (
      id text PRIMARY KEY, name text NOT NULL, lease_until ${instant} NOT NULL, lease_ms ${count} NOT NULL,
      started_at ${instant} NOT NULL, workflows text NOT NULL, roles text NOT NULL, pools text NOT NULL,
      concurrency integer NOT NULL, host text NOT NULL, pid integer NOT NULL, version text NOT NULL)`,
    `CREATE TABLE triggers_trigger (
      name text PRIMARY KEY, kind text NOT NULL, enabled_override ${flag}, interval_override_ms ${count}, cursor text,
      cursor_version integer NOT NULL DEFAULT 0, owner text, wanted_by text, epoch integer NOT NULL DEFAULT 0,
      polls ${count} NOT NULL DEFAULT 0, fires ${count} NOT NULL DEFAULT 0, skips ${count} NOT NULL DEFAULT 0,
      duplicates ${count} NOT NULL DEFAULT 0, failures ${count} NOT NULL DEFAULT 0,
      consecutive_failures integer NOT NULL DEFAULT 0, last_error text, suspended_at ${instant}, last_poll_at ${instant},
      last_fire_at ${instant}, follows text, first_seen_at ${instant} NOT NULL, seen_at ${instant} NOT NULL)`,
    `CREATE INDEX triggers_trigger_follows ON triggers_trigger (name) WHERE follows IS NOT NULL`,
  ];
}

function firings({ instant, bytes, flag, float, count, narrow }: Types): string[] {
  return [
    `CREATE TABLE triggers_firing (
      id text PRIMARY KEY, trigger text, kind text NOT NULL, state text NOT NULL, dedup_space text, dedup_key ${bytes},
      dedup_scope text, dedup_cooldown ${flag} NOT NULL, dedup_label text, context text, executions text NOT NULL,
      open_executions integer NOT NULL, failed_executions integer NOT NULL DEFAULT 0, reason text, initiated_by text, caused_by text, depth integer NOT NULL,
      priority ${count}, delivery_key ${bytes}, replay_of text, duplicates integer NOT NULL DEFAULT 0, last_duplicate_at ${instant}, scheduled_for ${instant},
      created_at ${instant} NOT NULL, payload text, origin text, letter_until ${instant}, closed_at ${instant}, closed_by text)`,
    `CREATE INDEX triggers_firing_by_trigger ON triggers_firing (trigger, id) WHERE trigger IS NOT NULL`,
    `CREATE INDEX triggers_firing_waiting ON triggers_firing (state, id) WHERE state IN ('held', 'dead', 'rejected')`,
    `CREATE INDEX triggers_firing_held ON triggers_firing (trigger, id) WHERE state = 'held'`,
    `CREATE UNIQUE INDEX triggers_firing_letter ON triggers_firing (dedup_space, dedup_key)
      WHERE state IN ('dead', 'rejected') AND closed_at IS NULL AND dedup_key IS NOT NULL`,
    `CREATE TABLE triggers_dedup (
      trigger text NOT NULL, key ${bytes} NOT NULL, firing_id text NOT NULL, expires_at ${instant},
      failures integer NOT NULL DEFAULT 0, PRIMARY KEY (trigger, key))${narrow}`,
    `CREATE TABLE triggers_delivery (
      trigger text NOT NULL, key ${bytes} NOT NULL, message text NOT NULL, delivery text NOT NULL, failures integer NOT NULL,
      reason text NOT NULL, at ${instant} NOT NULL, PRIMARY KEY (trigger, key))${narrow}`,
    `CREATE INDEX triggers_delivery_at ON triggers_delivery (at)`,
    `CREATE TABLE triggers_rate (space text PRIMARY KEY, tat ${float} NOT NULL)${narrow}`,
  ];
}

function executions({ instant }: Types): string[] {
  return [
    `CREATE TABLE triggers_execution (
      id text PRIMARY KEY, firing_id text NOT NULL, workflow text NOT NULL, workflow_hash text NOT NULL, trigger text,
      state text NOT NULL, open_ends integer NOT NULL, failed_tasks integer NOT NULL DEFAULT 0, error text, callback text,
      callback_state text, callback_error text, callback_owner text, initiated_by text, replay_of text,
      created_at ${instant} NOT NULL, started_at ${instant}, finished_at ${instant}, closed_at ${instant}, closed_by text)`,
    `CREATE INDEX triggers_execution_by_trigger ON triggers_execution (trigger, id) WHERE trigger IS NOT NULL`,
    `CREATE INDEX triggers_execution_by_workflow ON triggers_execution (workflow, id)`,
    `CREATE INDEX triggers_execution_open ON triggers_execution (state, id) WHERE state <> 'completed'`,
    `CREATE INDEX triggers_execution_replays ON triggers_execution (replay_of) WHERE replay_of IS NOT NULL`,
    `CREATE INDEX triggers_execution_telling ON triggers_execution (callback_owner) WHERE callback_state = 'pending'`,
    `CREATE TABLE triggers_follow_up (
      id text PRIMARY KEY, execution_id text NOT NULL, trigger text NOT NULL, state text NOT NULL, error text, owner text,
      finished_at ${instant} NOT NULL)`,
  ];
}

function tasks({ instant }: Types): string[] {
  return [
    `CREATE TABLE triggers_task (
      execution_id text NOT NULL, task text NOT NULL, id text NOT NULL, ordinal integer NOT NULL, workflow text NOT NULL,
      workflow_hash text NOT NULL, pool text NOT NULL, state text NOT NULL, graph text NOT NULL, run_when text NOT NULL,
      open_dependencies integer NOT NULL, succeeded_dependencies integer NOT NULL DEFAULT 0,
      failed_dependencies integer NOT NULL DEFAULT 0,
      skipped_dependencies integer NOT NULL DEFAULT 0, attempt integer NOT NULL DEFAULT 1, max_attempts integer NOT NULL,
      rescues integer NOT NULL DEFAULT 0, priority integer NOT NULL DEFAULT 0, run_at ${instant} NOT NULL, waits_since ${instant}, owner text,
      lease_token text, held_by text, started_at ${instant}, finished_at ${instant}, output text, error text, reason text,
      attempts text, callback text, callback_state text, callback_error text, callback_owner text,
      PRIMARY KEY (execution_id, task))`,
    `CREATE INDEX triggers_task_ready ON triggers_task (pool, priority DESC, run_at, execution_id) WHERE state = 'ready'`,
    `CREATE INDEX triggers_task_alone ON triggers_task (pool, run_at) WHERE state = 'ready' AND rescues >= 2`,
    `CREATE INDEX triggers_task_running ON triggers_task (owner) WHERE state = 'running'`,
    `CREATE INDEX triggers_task_telling ON triggers_task (callback_owner) WHERE callback_state = 'pending'`,
  ];
}

function records({ instant }: Types): string[] {
  return [
    `CREATE TABLE triggers_tick (
      id text PRIMARY KEY, trigger text NOT NULL, at ${instant} NOT NULL, last_at ${instant} NOT NULL,
      count integer NOT NULL, outcome text NOT NULL, reason text, duration_ms integer NOT NULL, firing_ids text NOT NULL)`,
    `CREATE INDEX triggers_tick_by_trigger ON triggers_tick (trigger, id)`,
    `CREATE TABLE triggers_audit (
      id text PRIMARY KEY, at ${instant} NOT NULL, actor text NOT NULL, action text NOT NULL, target text NOT NULL,
      reason text, address text, details text)`,
  ];
}
