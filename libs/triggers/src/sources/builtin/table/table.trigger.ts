import type { WorkflowRefs } from '../../../intake/trigger-options.js';
import type { Duration } from '../../../model/duration.js';
import { triggerValue } from '../../poll/trigger-value.js';
import type { TriggerValue } from '../../poll/trigger-value.js';
import type { BuiltInOptions, ContextOption } from '../built-in.options.js';
import { LOOK_MS } from '../item-page.js';
import { checkTimeoutBeyond } from '../option.checks.js';
import type { TableOptions, TableRow } from './table.options.js';
import { TableSource } from './table.source.js';

/** How long it is remembered which rows have fired. */
export interface TableMemory {
  /**
   * Longer than the application ever stands still: after that the last rows would fire again. A window saves room where many
   * rows change. @default { for: 'ever' }
   */
  readonly dedup?: { readonly for: Duration | 'ever' };
}

/** Options of {@link tableTrigger}: its own, and those of `@Trigger`. */
export type TableTriggerOptions<W extends WorkflowRefs = WorkflowRefs> = BuiltInOptions<W> &
  TableMemory &
  TableOptions &
  ContextOption<TableRow, W>;

/**
 * Fires for every new and every changed row of a table of the application, found by a column that only grows; see {@link TableSource}.
 *
 * @example tableTrigger({ name: 'orders', workflow: Invoice, dataSource, table: Order, column: 'updatedAt', context: ({ id }) => ({ id: Number(id) }) })
 */
export function tableTrigger<const W extends WorkflowRefs>(options: TableTriggerOptions<W>): TriggerValue {
  const given = options as unknown as TableTriggerOptions;
  return triggerValue('tableTrigger', { ...given, dedup: given.dedup ?? { for: 'ever' } }, (where) => {
    checkTimeoutBeyond(where, given.timeout, LOOK_MS, 'one poll looks');
    return new TableSource<object>(given, where);
  });
}
