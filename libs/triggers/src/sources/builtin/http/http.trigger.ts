import type { WorkflowRefs } from '../../../intake/trigger-options.js';
import type { JsonObject } from '../../../model/json.js';
import { triggerValue } from '../../poll/trigger-value.js';
import type { TriggerValue } from '../../poll/trigger-value.js';
import type { BuiltInOptions, ContextOption } from '../built-in.options.js';
import type { HttpOptions } from './http.options.js';
import { HttpSource } from './http.source.js';

/** Options of {@link httpTrigger}: its own, and those of `@Trigger`. */
export type HttpTriggerOptions<
  W extends WorkflowRefs = WorkflowRefs,
  Item extends object = JsonObject,
> = BuiltInOptions<W> & HttpOptions<Item> & ContextOption<Item, W>;

/**
 * Fires for what a JSON API answers and has not answered before; see {@link HttpSource}.
 *
 * @typeParam Item what `items` returns
 * @example httpTrigger({ name: 'releases', workflow: 'announce', url: 'https://api.example.com/releases', items: '/data', key: '/id' })
 */
export function httpTrigger<const W extends WorkflowRefs, Item extends object = JsonObject>(
  options: HttpTriggerOptions<W, Item>,
): TriggerValue {
  const given = options as unknown as HttpTriggerOptions;
  return triggerValue(
    'httpTrigger',
    { ...given, dedup: { for: 'ever' } },
    (where) => new HttpSource<object>(given, where),
  );
}
