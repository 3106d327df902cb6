import { batch } from '../dialects/batch.js';
import { FIRING_COLUMNS, FIRING_NAMES, FIRING_VALUES } from './firing.row.js';

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
  FIRING_COLUMNS,
  () => `INSERT INTO triggers_firing (${FIRING_NAMES}) SELECT ${FIRING_VALUES} FROM g WHERE true ${ONCE} RETURNING id`,
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
