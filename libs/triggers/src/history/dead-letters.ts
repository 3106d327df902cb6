import type { Store } from '../store/store.service.js';
import type { Condition } from './conditions.js';
import { previewsOf } from './context-preview.js';
import type { DeadLetter } from './history.types.js';
import { toExecutionItem, toFiringItem } from './mappers.js';
import { before, count, rowsOf } from './page-reader.js';
import { decodeAfter, limitOf, toPage, toTotal } from './page.js';
import type { Page, PageRequest } from './page.js';

/** A rejected firing without a context had no valid signature: nobody is to send it again. */
const DEAD_FIRINGS: Condition = {
  sql: "(row.state = 'dead' OR (row.state = 'rejected' AND row.context IS NOT NULL))",
  parameters: {},
};
const FAILED_EXECUTIONS: Condition = { sql: "row.state = 'failed'", parameters: {} };

/** Dead firings and failed executions as one list, newest first: both have ids that sort by time. */
export async function readDeadLetters(store: Store, request: PageRequest): Promise<Page<DeadLetter>> {
  const limit = limitOf(request);
  const behind = request.after === undefined ? [] : [before(decodeAfter(request.after))];
  const [firings, executions, deadFirings, failedExecutions] = await Promise.all([
    rowsOf(store, 'firing', [DEAD_FIRINGS, ...behind], limit + 1),
    rowsOf(store, 'execution', [FAILED_EXECUTIONS, ...behind], limit + 1),
    count(store, 'firing', [DEAD_FIRINGS]),
    count(store, 'execution', [FAILED_EXECUTIONS]),
  ]);
  const preview = await previewsOf(store, [
    ...firings.map(({ id }) => id),
    ...executions.map(({ firingId }) => firingId),
  ]);
  const letters: DeadLetter[] = [
    ...firings.map((row) => ({ ...toFiringItem(row, preview(row.id)), source: row.kind, kind: 'firing' as const })),
    ...executions.map((row) => ({ kind: 'execution' as const, ...toExecutionItem(row, preview(row.firingId)) })),
  ];
  const newestFirst = letters.sort((a, b) => (a.id < b.id ? 1 : -1));
  return { ...toPage(newestFirst, limit, ({ id }) => id), total: toTotal(deadFirings + failedExecutions) };
}
