import type { JsonObject } from '../model/json.js';
import type { Store } from '../store/store.service.js';
import { equals, within } from './conditions.js';
import type { Condition } from './conditions.js';
import { previewsOf, textPreviewsOf } from './context-preview.js';
import type { DeadLetterFilter } from './history.filters.js';
import type { DeadLetter, DeadLetterDetail, DeadLetterKind } from './history.types.js';
import { toExecutionItem, toFiringItem, toIso } from './mappers.js';
import { before, count, rowsOf } from './page-reader.js';
import type { ListedRows } from './page-reader.js';
import { decodeAfter, limitOf, toPage, toTotal } from './page.js';
import type { Page, PageRequest } from './page.js';

/** A rejected firing of which nothing was kept had no valid signature: nobody is to send it again. */
const LETTERS: Condition = {
  sql: "(row.state = 'dead' OR (row.state = 'rejected' AND (row.context IS NOT NULL OR row.payload IS NOT NULL)))",
  parameters: {},
};
const FAILED: Condition = { sql: "row.state = 'failed'", parameters: {} };
const OPEN: Condition = { sql: 'row.closedAt IS NULL', parameters: {} };
const CLOSED: Condition = { sql: 'row.closedAt IS NOT NULL', parameters: {} };

/** Dead firings and failed executions as one list, newest first: both have ids that sort by time. */
export async function readDeadLetters(
  store: Store,
  filter: DeadLetterFilter,
  request: PageRequest,
): Promise<Page<DeadLetter>> {
  const limit = limitOf(request);
  const behind = request.after === undefined ? [] : [before(decodeAfter(request.after))];
  const wanted = wantedOf(store, filter);
  const rows = async <K extends DeadLetterKind>(kind: K): Promise<readonly ListedRows[K][]> => {
    const conditions = wanted[kind];
    return conditions === null ? [] : rowsOf(store, kind, [...conditions, ...behind], limit + 1);
  };
  const counted = async (kind: DeadLetterKind): Promise<number> => {
    const conditions = wanted[kind];
    return conditions === null ? 0 : count(store, kind, conditions);
  };
  const [firings, executions, dead, failed] = await Promise.all([
    rows('firing'),
    rows('execution'),
    counted('firing'),
    counted('execution'),
  ]);
  const letters = await toLetters(store, firings, executions);
  const newestFirst = [...letters].sort((a, b) => (a.id < b.id ? 1 : -1));
  return { ...toPage(newestFirst, limit, ({ id }) => id), total: toTotal(dead + failed) };
}

/** One dead letter, open or closed, with all of its payload; `null` if nothing of that id is one. */
export async function readDeadLetter(store: Store, id: string): Promise<DeadLetterDetail | null> {
  const only: Condition = { sql: 'row.id = :letter', parameters: { letter: id } };
  const [firings, executions] = await Promise.all([
    rowsOf(store, 'firing', [LETTERS, only], 1),
    rowsOf(store, 'execution', [FAILED, only], 1),
  ]);
  const [letter] = await toLetters(store, firings, executions);
  if (letter === undefined) return null;
  const whole = await store.reader.findOneOrFail(store.entities.firing, {
    where: { id: letter.kind === 'firing' ? letter.id : letter.firingId },
    select: { id: true, context: true, payload: true, origin: true },
  });
  return { ...letter, input: parsed(whole.context), payload: whole.payload, origin: parsed(whole.origin) };
}

/** The conditions for each of the two tables; `null` where nothing of it is asked for. */
function wantedOf(
  store: Store,
  { kind, workflow, from, to, state = 'open', ...exact }: DeadLetterFilter,
): Readonly<Record<DeadLetterKind, readonly Condition[] | null>> {
  const common = [
    ...(state === 'all' ? [] : [state === 'open' ? OPEN : CLOSED]),
    ...equals({ ...exact }),
    ...within(store, 'createdAt', { from, to }),
  ];
  return {
    firing: kind === 'execution' || workflow !== undefined ? null : [LETTERS, ...common],
    execution: kind === 'firing' ? null : [FAILED, ...common, ...equals({ workflow })],
  };
}

async function toLetters(
  store: Store,
  firings: readonly ListedRows['firing'][],
  executions: readonly ListedRows['execution'][],
): Promise<readonly DeadLetter[]> {
  const firingIds = firings.map(({ id }) => id);
  const [context, payload] = await Promise.all([
    previewsOf(store, [...firingIds, ...executions.map(({ firingId }) => firingId)]),
    textPreviewsOf(store, firingIds),
  ]);
  return [
    ...firings.map((row) => ({
      ...toFiringItem(row, context(row.id)),
      source: row.kind,
      kind: 'firing' as const,
      payload: payload(row.id),
      closedAt: toIso(row.closedAt),
      closedBy: row.closedBy,
    })),
    ...executions.map((row) => ({
      kind: 'execution' as const,
      ...toExecutionItem(row, context(row.firingId)),
      closedAt: toIso(row.closedAt),
      closedBy: row.closedBy,
    })),
  ];
}

function parsed(text: string | null): JsonObject | null {
  return text === null ? null : (JSON.parse(text) as JsonObject);
}
