import { TriggersError } from '../../../model/errors.js';
import { TriggerResult } from '../../../model/trigger-result.js';
import type { Poll, TriggerSource } from '../../poll/poll.js';
import { mappingOf } from '../built-in.options.js';
import type { Mapping } from '../built-in.options.js';
import { resolveQueueDepthOptions } from './queue-depth.options.js';
import type { DepthCrossing, DepthState, QueueDepthOptions, ResolvedQueueDepthOptions } from './queue-depth.options.js';

interface DepthCursor {
  readonly state: DepthState;
}

/**
 * Watches how many wait in a queue, and fires when that crosses a threshold: once on the way up, and not again before it was below
 * `below`. On which side it is stands in the cursor, in the commit of the firing: a restart repeats nothing and forgets nothing.
 */
export class QueueDepthSource<
  C extends object = DepthCrossing,
  On extends DepthState = DepthState,
> implements TriggerSource<C> {
  readonly #options: ResolvedQueueDepthOptions;
  readonly #toContext: (crossing: DepthCrossing) => C;

  /** @throws TRG_DEF_INVALID_OPTION */
  constructor(options: QueueDepthOptions<On> & Mapping<DepthCrossing<On>, C>, where = 'QueueDepthSource') {
    this.#options = resolveQueueDepthOptions(options, where);
    this.#toContext = mappingOf<DepthCrossing>(options) as (crossing: DepthCrossing) => C;
  }

  /** @throws TRG_POLL_SOURCE when the depth is no number, and what `depth` throws */
  async poll(poll: Poll): Promise<TriggerResult<C>> {
    const before = (poll.cursor as DepthCursor | undefined)?.state ?? 'below';
    const { above, below, on } = this.#options;
    const depth: unknown = await this.#options.depth(poll.signal);
    if (typeof depth !== 'number' || !Number.isFinite(depth)) throw noNumber(depth);
    const state = depth >= above ? 'above' : depth < below ? 'below' : before;
    // The reasons name no numbers: equal skips in a row are kept as one.
    const reason = state === 'above' ? `at least ${below} wait` : `fewer than ${above} wait`;
    if (state === before) return TriggerResult.skip(reason);
    const cursor: DepthCursor = { state };
    if (!on.includes(state)) return TriggerResult.skip(reason, { cursor });
    const crossing: DepthCrossing = { state, depth, threshold: state === 'above' ? above : below };
    return TriggerResult.fire(this.#toContext(crossing), { cursor });
  }
}

function noNumber(depth: unknown): TriggersError {
  const message = `The function "depth" returned ${typeof depth === 'number' ? depth : `a value of type ${typeof depth}`}. Return how many wait, as a number.`;
  return new TriggersError('TRG_POLL_SOURCE', message);
}
