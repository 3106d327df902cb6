import { newId } from '../../model/ids.js';
import type { ExecutionId, FollowUpId } from '../../model/ids.js';
import type { EndState } from '../../model/states.js';
import { COMMIT_ORDER } from '../commit-kind.js';
import type { CommitKind, CommitScope } from '../commit-kind.js';
import { batch, run, send } from '../dialects/batch.js';
import type { Row, Work } from '../dialects/batch.js';
import type { Follower, Followers } from '../followers.js';
import type { EndedTask, ExecutionEnd } from './ended-task.js';
import { commitFiringsOfEach, firingBytes, storedBefore } from './firing.commit.js';
import type { FiringDraft, FiringVerdict } from './firing.draft.js';

/**
 * What follows ends of executions. The commit of an end leaves a row for every trigger that follows it; the commit of
 * what the trigger fires takes that row away. So an end is followed once, whoever dies in between and however often the
 * execution is retried and ends again, and no key has to be kept for it.
 */
const LEAVE = batch(
  'follow_up_leave',
  { _id: 'text', _execution: 'text', _trigger: 'text', _owner: 'text' },
  () => `INSERT INTO triggers_follow_up (id, execution_id, trigger, state, error, owner, finished_at)
    SELECT _id, e.id, _trigger, e.state, e.error, _owner, e.finished_at FROM g JOIN triggers_execution e ON e.id = g._execution`,
);

/** Whether the switch of its trigger is on, and the row lock. */
const LOOK = batch(
  'follow_up_look',
  { _id: 'text', _enabled: 'bool' },
  ({
    forUpdate,
  }) => `SELECT f.id, COALESCE((SELECT t.enabled_override FROM triggers_trigger t WHERE t.name = f.trigger), g._enabled) AS enabled
    FROM g JOIN triggers_follow_up f ON f.id = g._id ORDER BY f.id ${forUpdate === '' ? '' : `${forUpdate} OF f`}`,
);

const TAKE = batch(
  'follow_up_take',
  { _id: 'text' },
  () => `DELETE FROM triggers_follow_up WHERE id IN (SELECT _id FROM g)`,
);

/** Leaves rows for the triggers that follow these ends. Where nobody follows anything it asks for nothing. */
export function* leaveFollowUps(
  ended: readonly Pick<EndedTask, 'facts'>[],
  ends: ReadonlyMap<ExecutionId, ExecutionEnd>,
  scope: CommitScope,
): Work<void> {
  const { followers } = scope;
  if (followers === null || ends.size === 0) return;
  const workflows = new Map(ended.map(({ facts }) => [facts.executionId, facts.workflow]));
  const rows = [...ends].flatMap(([executionId, { state }]) =>
    followersOf(followers, workflows.get(executionId), state as EndState).map(({ trigger, isHere }) => {
      const id = newId<FollowUpId>();
      if (isHere) scope.leavesFollowUp({ id, executionId, trigger });
      return [id, executionId, trigger, isHere ? followers.nodeId : null];
    }),
  );
  yield* send(LEAVE, rows);
}

function followersOf(followers: Followers, workflow: string | undefined, state: EndState): readonly Follower[] {
  if (workflow === undefined) return [];
  return followers.of(workflow).filter(({ on }) => on.includes(state));
}

/** What a trigger made of an end. */
export interface FollowUpItem {
  readonly id: FollowUpId;
  /** Whether the code says that the trigger is on; an operator's switch goes before. */
  readonly declaredEnabled: boolean;
  readonly drafts: readonly FiringDraft[];
}

/** What became of it. `over`: it was followed before, or its trigger is disabled; nothing was fired. */
export type FollowUpOutcome =
  | {
      readonly status: 'followed';
      /** Its drafts with their verdicts; of an earlier try whose outcome nobody knew, those that it stored. */
      readonly fired: readonly (readonly [FiringDraft, FiringVerdict])[];
    }
  | { readonly status: 'over' };

/** Follow-ups: the row goes and the firings come, in one commit. Of several nodes that do the same one wins. */
export const FOLLOW_UP: CommitKind<FollowUpItem, FollowUpOutcome> = {
  name: 'followUp',
  order: COMMIT_ORDER.followUp,
  bytes: ({ drafts }) => drafts.reduce((sum, draft) => sum + firingBytes(draft), 300),
  run: commitFollowUps,
};

function* commitFollowUps(items: readonly FollowUpItem[], scope: CommitScope): Work<readonly FollowUpOutcome[]> {
  const first = new Map([...items].reverse().map((item) => [item.id, item]));
  const ordered = [...first.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
  const there = new Map(
    (yield* run(
      LOOK,
      ordered.map(({ id, declaredEnabled }) => [id, declaredEnabled]),
    )).map((row) => [row['id'] as FollowUpId, row]),
  );
  yield* send(
    TAKE,
    [...there.keys()].map((id) => [id]),
  );
  const before = scope.repeated ? yield* storedBefore(ordered.flatMap(({ drafts }) => drafts)) : NOTHING;
  const firing = ordered.flatMap((item) => {
    const drafts = draftsOf(item, there.get(item.id), before);
    return drafts === null ? [] : [{ item, drafts }];
  });
  const verdicts = yield* commitFiringsOfEach(
    firing.map(({ drafts }) => drafts),
    scope,
  );
  const fired = new Map(
    firing.map(({ item, drafts }, at) => [
      item,
      drafts.map((draft, place) => [draft, verdicts[at]?.[place] as FiringVerdict] as const),
    ]),
  );
  return items.map((item) => {
    const own = fired.get(item);
    return own === undefined ? { status: 'over' } : { status: 'followed', fired: own };
  });
}

const NOTHING: ReadonlyMap<unknown, unknown> = new Map();

/** What is to be fired, or was by an earlier try of this commit whose outcome nobody knew; `null`: nothing by this one. */
function draftsOf(
  { drafts }: FollowUpItem,
  row: Row | undefined,
  before: ReadonlyMap<unknown, unknown>,
): readonly FiringDraft[] | null {
  if (row !== undefined) return row['enabled'] ? drafts : null;
  const stored = drafts.filter(({ id }) => before.has(id));
  return stored.length === 0 ? null : stored;
}
