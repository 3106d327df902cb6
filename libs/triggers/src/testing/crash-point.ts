/**
 * The places in the life of an application at which a crash is told from a crash a moment earlier, besides the statements
 * of its commits. In the order in which work passes them:
 *
 * | point | the process has |
 * |---|---|
 * | `poll:call`, `poll:returned` | not yet polled a trigger or a schedule; got the result |
 * | `poll:commit`, `poll:committed` | not yet asked for the commit of a poll; got its outcome |
 * | `firing:commit`, `firing:committed` | the same for a firing that no poll made |
 * | `claim:commit`, `claim:committed` | the same for a claim of ready tasks |
 * | `claim:start`, `claim:started` | committed a claim and not yet handed the tasks out; handed them out |
 * | `task:call`, `task:returned` | not yet called the body of a task; got its result |
 * | `finish:commit`, `finish:committed` | not yet asked for the commit of a task's end; got its outcome |
 * | `putBack:commit`, `putBack:committed` | the same for a task that goes back: retry, release, rescue |
 * | `callback:call`, `callback:returned` | not yet called a callback; seen it return |
 * | `callback:commit`, `callback:committed` | not yet asked for the commit that a callback was told; got its outcome |
 * | `followUp:commit`, `followUp:committed` | not yet asked for the commit of what follows an end; got its outcome |
 * | `commit:begin` | begun a transaction, nothing in it yet |
 * | `commit:end` | every statement behind it and COMMIT before it |
 * | `commit:committed` | COMMIT behind it and no outcome told yet |
 * | `commit:told` | told every outcome, callbacks and claimed tasks of that commit |
 */
export const STEP_POINTS = [
  'poll:call',
  'poll:returned',
  'poll:commit',
  'poll:committed',
  'firing:commit',
  'firing:committed',
  'claim:commit',
  'claim:committed',
  'claim:start',
  'claim:started',
  'task:call',
  'task:returned',
  'finish:commit',
  'finish:committed',
  'putBack:commit',
  'putBack:committed',
  'callback:call',
  'callback:returned',
  'callback:commit',
  'callback:committed',
  'followUp:commit',
  'followUp:committed',
  'commit:begin',
  'commit:end',
  'commit:committed',
  'commit:told',
] as const;

/**
 * A place at which a process can die: one of {@link STEP_POINTS}, or the moment before or after a statement of a commit,
 * by the name of the statement: `commit:task_finish:after`. `watchCrashPoints` tells which statements there are.
 */
export type CrashPoint = (typeof STEP_POINTS)[number] | `commit:${string}:${'before' | 'after'}`;
