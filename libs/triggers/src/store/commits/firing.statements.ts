import { batch } from '../dialects/batch.js';

/** Every insert ignores an id that is there already: that is how a repeated group is recognised. */
const ONCE = 'ON CONFLICT DO NOTHING';

/** Firings that an earlier try has stored: a commit whose outcome nobody knew. */
export const STORED_BEFORE = batch(
  'firing_stored_before',
  { _id: 'text' },
  () => `SELECT id, state FROM triggers_firing WHERE id IN (SELECT _id FROM g)`,
);

export const INSERT_FIRING = batch(
  'firing_insert',
  {
    _id: 'text',
    _trigger: 'text',
    _kind: 'text',
    _state: 'text',
    _space: 'text',
    _key: 'bytes',
    _scope: 'text',
    _cooldown: 'bool',
    _label: 'text',
    _context: 'text',
    _executions: 'text',
    _open: 'int',
    _reason: 'text',
    _by: 'text',
    _caused: 'text',
    _depth: 'int',
    _replay: 'text',
    _scheduled: 'at',
    _created: 'instant',
    _payload: 'text',
  },
  () => `INSERT INTO triggers_firing (id, trigger, kind, state, dedup_space, dedup_key, dedup_scope, dedup_cooldown,
      dedup_label, context, executions, open_executions, reason, initiated_by, caused_by, depth, replay_of, scheduled_for,
      created_at, payload)
    SELECT _id, _trigger, _kind, _state, _space, _key, _scope, _cooldown, _label, _context, _executions, _open, _reason,
      _by, _caused, _depth, _replay, _scheduled, _created, _payload FROM g WHERE true ${ONCE} RETURNING id`,
);

export const INSERT_EXECUTION = batch(
  'execution_insert',
  {
    _id: 'text',
    _firing: 'text',
    _workflow: 'text',
    _hash: 'text',
    _trigger: 'text',
    _state: 'text',
    _open: 'int',
    _by: 'text',
    _replay: 'text',
    _created: 'instant',
    _started: 'instant',
  },
  () => `INSERT INTO triggers_execution (id, firing_id, workflow, workflow_hash, trigger, state, open_ends, initiated_by,
      replay_of, created_at, started_at)
    SELECT _id, _firing, _workflow, _hash, _trigger, _state, _open, _by, _replay, _created, _started FROM g WHERE true ${ONCE}`,
);

export const INSERT_TASK = batch(
  'task_insert',
  {
    _execution: 'text',
    _task: 'text',
    _id: 'text',
    _ordinal: 'int',
    _workflow: 'text',
    _hash: 'text',
    _pool: 'text',
    _state: 'text',
    _graph: 'text',
    _when: 'text',
    _open: 'int',
    _max: 'int',
    _priority: 'int',
    _run: 'instant',
    _owner: 'text',
    _token: 'text',
    _started: 'instant',
  },
  () => `INSERT INTO triggers_task (execution_id, task, id, ordinal, workflow, workflow_hash, pool, state, graph, run_when,
      open_dependencies, max_attempts, priority, run_at, owner, lease_token, started_at)
    SELECT _execution, _task, _id, _ordinal, _workflow, _hash, _pool, _state, _graph, _when, _open, _max, _priority, _run, _owner,
      _token, _started FROM g WHERE true ${ONCE}`,
);
