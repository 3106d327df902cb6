import { hasEnded } from '../model/states.js';
import type { ExecutionRow, FiringRow, TaskRow } from '../store/entities/rows.js';
import type { TaskPlace } from '../store/claimer.js';
import { batch, toDate } from '../store/dialects/batch.js';
import type { Row } from '../store/dialects/batch.js';
import type { Store } from '../store/store.service.js';
import { FOLLOW_UPS, RATES, checkFollowUps, checkRates } from './follow-up-check.js';
import { checkLetters } from './letter-check.js';

const KEYS = batch('check_keys', {}, () => `SELECT trigger, key, firing_id, expires_at, failures FROM triggers_dedup`);
const NODES = batch('check_nodes', {}, ({ now }) => `SELECT id FROM triggers_node WHERE lease_until > ${now}`);

const OPEN = new Set(['blocked', 'ready', 'running']);

interface Ledger {
  readonly firings: ReadonlyMap<string, FiringRow>;
  readonly executions: ReadonlyMap<string, ExecutionRow>;
  readonly tasks: ReadonlyMap<string, readonly TaskRow[]>;
  readonly keys: readonly Row[];
  readonly triggers: ReadonlySet<string>;
  readonly living: ReadonlySet<string>;
  readonly followUps: readonly Row[];
  readonly rates: readonly Row[];
}

/**
 * Reads the whole ledger and tells what cannot be: counters that differ from the rows they count, ended executions with
 * open tasks, keys that nobody may hold, running tasks whose node is dead, ends to be followed that never were, dead letters that
 * were closed by nothing or by another event, or that are open though theirs was accepted. Empty when every promise of the store stands.
 *
 * For tests: it reads every row.
 */
export async function checkLedger(store: Store): Promise<string[]> {
  const ledger = await readLedger(store);
  return [
    ...checkExecutions(ledger),
    ...checkTasks(ledger),
    ...checkFirings(ledger),
    ...checkLetters(ledger.firings),
    ...checkKeys(ledger),
    ...checkFollowUps(ledger.followUps, ledger.executions),
    ...checkRates(ledger.rates),
  ];
}

async function readLedger(store: Store): Promise<Ledger> {
  const { firing, execution, task, trigger } = store.entities;
  const [firings, executions, tasks, triggers] = await Promise.all([
    store.reader.find(firing),
    store.reader.find(execution),
    store.reader.find(task),
    store.reader.find(trigger),
  ]);
  const byExecution = new Map<string, TaskRow[]>();
  for (const row of tasks) byExecution.set(row.executionId, [...(byExecution.get(row.executionId) ?? []), row]);
  const nodes = await store.read(NODES, [[]]);
  return {
    firings: new Map(firings.map((row) => [row.id, row])),
    executions: new Map(executions.map((row) => [row.id, row])),
    tasks: byExecution,
    keys: await store.read(KEYS, [[]]),
    triggers: new Set(triggers.map(({ name }) => name)),
    living: new Set(nodes.map((row) => row['id'] as string)),
    followUps: await store.read(FOLLOW_UPS, [[]]),
    rates: await store.read(RATES, [[]]),
  };
}

/** Says what is wrong with something, or nothing. */
type Rule<T> = (subject: T) => string | false;

function broken<T>(rules: readonly Rule<T>[], subject: T, what: string): string[] {
  return rules.flatMap((rule) => {
    const problem = rule(subject);
    return problem === false ? [] : [`${what} ${problem}`];
  });
}

interface CheckedExecution {
  readonly row: ExecutionRow;
  readonly open: number;
  /** Open tasks that nothing open depends on. */
  readonly openEnds: number;
  readonly failed: number;
  readonly firing: FiringRow | undefined;
}

const EXECUTION_RULES: readonly Rule<CheckedExecution>[] = [
  ({ row, openEnds }) => row.openEnds !== openEnds && `counts ${row.openEnds} open ends, but has ${openEnds}`,
  ({ row, failed }) => row.failedTasks !== failed && `counts ${row.failedTasks} failed tasks, but has ${failed}`,
  ({ row, open }) => hasEnded(row.state) && open > 0 && `has ended with ${open} open tasks`,
  ({ row, open }) => !hasEnded(row.state) && open === 0 && 'has no open task and did not end',
  ({ row }) => hasEnded(row.state) !== (row.finishedAt !== null) && `finished at ${String(row.finishedAt)}`,
  ({ row, failed }) => row.state === 'completed' && failed > 0 && `completed with ${failed} failed tasks`,
  ({ row }) =>
    row.closedAt !== null && row.state !== 'failed' && `has not failed, but was closed at ${String(row.closedAt)}`,
  ({ firing }) => firing === undefined && 'has no firing',
];

function checkExecutions({ executions, tasks, firings }: Ledger): string[] {
  const orphans = [...tasks.keys()].filter((id) => !executions.has(id)).map((id) => `tasks have no execution ${id}`);
  const problems = [...executions.values()].flatMap((row) => {
    const own = tasks.get(row.id) ?? [];
    const open = own.filter(({ state }) => OPEN.has(state));
    const awaited = new Set(open.flatMap(({ graph }) => (JSON.parse(graph) as TaskPlace).dependencies));
    const subject = {
      row,
      open: open.length,
      openEnds: open.filter(({ task }) => !awaited.has(task)).length,
      failed: own.filter(({ state }) => state === 'failed').length,
      firing: firings.get(row.firingId),
    };
    return broken(EXECUTION_RULES, subject, `execution ${row.id} (${row.state})`);
  });
  return [...orphans, ...problems];
}

interface CheckedTask {
  readonly row: TaskRow;
  readonly dependencies: number;
  /** Dependencies that have not ended. */
  readonly open: number;
  readonly execution: ExecutionRow | undefined;
  readonly ownerLives: boolean;
}

const counted = (row: TaskRow): number =>
  row.succeededDependencies + row.failedDependencies + row.skippedDependencies + row.openDependencies;

/** Of tasks that have not ended. */
const TASK_RULES: readonly Rule<CheckedTask>[] = [
  ({ row, open }) => row.openDependencies !== open && `waits for ${row.openDependencies}, but ${open} are open`,
  ({ row, dependencies }) => counted(row) !== dependencies && `counts ${counted(row)} of ${dependencies} dependencies`,
  ({ row, open }) => row.state === 'blocked' && row.heldBy === null && open === 0 && 'waits for nothing',
  ({ row, execution }) => row.heldBy !== null && execution?.state !== 'paused' && 'is held by no pause',
  ({ row, execution }) => row.state === 'ready' && execution?.state === 'paused' && 'is ready in a pause',
  ({ row, ownerLives }) => row.state === 'running' && !ownerLives && `runs on ${String(row.owner)}, which is dead`,
  ({ row }) => row.state !== 'running' && row.leaseToken !== null && 'has a token and does not run',
];

function checkTasks({ tasks, executions, living }: Ledger): string[] {
  return [...tasks.values()].flatMap((own) =>
    own
      .filter(({ state }) => OPEN.has(state))
      .flatMap((row) => {
        const { dependencies } = JSON.parse(row.graph) as TaskPlace;
        const subject = {
          row,
          dependencies: dependencies.length,
          open: own.filter(({ task, state }) => dependencies.includes(task) && OPEN.has(state)).length,
          execution: executions.get(row.executionId),
          ownerLives: row.owner !== null && living.has(row.owner),
        };
        return broken(TASK_RULES, subject, `task ${row.task} of ${row.executionId} (${row.state})`);
      }),
  );
}

interface CheckedFiring {
  readonly row: FiringRow;
  readonly named: number;
  readonly own: readonly ExecutionRow[];
  readonly open: number;
  readonly failed: number;
}

const FIRING_RULES: readonly Rule<CheckedFiring>[] = [
  ({ named, own }) => own.length !== named && `names ${named} executions, but ${own.length} are there`,
  ({ row, named }) => (row.state === 'accepted') !== named > 0 && `has ${named} executions`,
  // A firing of one execution is not counted: that execution's end says it all.
  ({ row, named, open }) =>
    named > 1 && row.openExecutions !== open && `counts ${row.openExecutions} open executions, but has ${open}`,
  ({ row, named, failed }) =>
    named > 1 && row.failedExecutions !== failed && `counts ${row.failedExecutions} failed ones, but has ${failed}`,
];

function checkFirings({ firings, executions }: Ledger): string[] {
  return [...firings.values()].flatMap((row) => {
    const own = executionsOf(row, executions);
    const subject = {
      row,
      named: (JSON.parse(row.executions) as string[]).length,
      own,
      open: own.filter(({ state }) => !hasEnded(state)).length,
      failed: own.filter(({ state }) => state === 'failed').length,
    };
    return broken(FIRING_RULES, subject, `firing ${row.id} (${row.state})`);
  });
}

function executionsOf(firing: FiringRow, executions: Ledger['executions']): ExecutionRow[] {
  return (JSON.parse(firing.executions) as string[]).flatMap((id) => executions.get(id) ?? []);
}

function checkKeys(ledger: Ledger): string[] {
  const held = new Map(ledger.keys.map((row) => [`${String(row['trigger'])}/${hex(row['key'])}`, row]));
  return [
    ...ledger.keys.flatMap((row) => checkHeldKey(row, ledger)),
    ...checkRunningKeys(ledger, held),
    ...checkKeysForEver(ledger, held),
  ];
}

/** A key that was taken for ever is there as long as its trigger is, whoever holds it by now. */
function checkKeysForEver({ firings, triggers }: Ledger, held: ReadonlyMap<string, Row>): string[] {
  return [...firings.values()]
    .filter(
      (firing) => firing.dedupScope === 'ever' && firing.state === 'accepted' && triggers.has(firing.trigger ?? ''),
    )
    .filter((firing) => !held.has(`${String(firing.dedupSpace)}/${hex(firing.dedupKey)}`))
    .map((firing) => `firing ${firing.id} took key ${String(firing.dedupLabel)} for ever, but the key is free`);
}

/** A key without an end belongs to work that has not ended, or is taken for ever. */
function checkHeldKey(row: Row, { firings, executions }: Ledger): string[] {
  const firing = firings.get(row['firing_id'] as string);
  if (firing === undefined || row['expires_at'] !== null || firing.dedupScope === 'ever') return [];
  const runs = executionsOf(firing, executions).some(({ state }) => !hasEnded(state));
  if (runs || firing.state === 'held') return [];
  return [`key ${String(firing.dedupLabel)} is held by firing ${firing.id}, of which nothing runs`];
}

/** Work that has not ended and asked for a `running` key has it, without an end. */
function checkRunningKeys({ executions, firings }: Ledger, held: ReadonlyMap<string, Row>): string[] {
  return [...executions.values()].flatMap(({ id, state, firingId }) => {
    const firing = firings.get(firingId);
    if (hasEnded(state) || firing?.dedupScope !== 'running') return [];
    const row = held.get(`${String(firing.dedupSpace)}/${hex(firing.dedupKey)}`);
    if (row?.['firing_id'] !== firing.id) return [`execution ${id} runs without its key`];
    return toDate(row['expires_at']) === null ? [] : [`execution ${id} runs on a key that expires`];
  });
}

function hex(key: unknown): string {
  return (key as Buffer).toString('hex');
}
