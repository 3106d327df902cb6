import { DEFAULT_TRIGGER_OPTIONS } from '../../intake/trigger-options.js';
import type { FromConfig, InputSchema, TriggerBaseOptions, WorkflowRefs } from '../../intake/trigger-options.js';
import type { Duration } from '../../model/duration.js';
import type { MessageSource } from './message-source.js';

/** Options of `@MessageTrigger`. */
export interface MessageTriggerOptions<
  W extends WorkflowRefs = WorkflowRefs,
  S extends InputSchema = InputSchema,
> extends TriggerBaseOptions<W> {
  /** Where the messages come from: `bullMqQueue({ … })`, `redisStream({ … })`, or a source of your own. */
  readonly from: FromConfig<MessageSource>;
  /** What the body must be: a class (with class-validator decorators) or a Standard Schema. @default any JSON */
  readonly schema?: S;
  /**
   * The most messages that this process has in hand: taken from the broker and not acknowledged. The others wait there.
   *
   * @default DEFAULT_MESSAGE_OPTIONS.prefetch
   */
  readonly prefetch?: number;
  /**
   * How long all code of the application may take for one message, at most 60 s: `schema`, the method with what stands on it, the `input` of
   * the workflow and `filter` together. Beyond it the message has failed and its place is another one's; what is answered later does not
   * count. A replay has as long. @default DEFAULT_MESSAGE_OPTIONS.timeout
   */
  readonly timeout?: Duration;
  /** A message that has failed so often becomes a dead letter. @default DEFAULT_MESSAGE_OPTIONS.deliveries */
  readonly deliveries?: number;
  /** The wait before a message that has failed once is delivered again; doubles each time. @default DEFAULT_MESSAGE_OPTIONS.redeliverAfter */
  readonly redeliverAfter?: Duration;
}

/** The defaults of {@link MessageTriggerOptions}. */
export const DEFAULT_MESSAGE_OPTIONS = {
  ...DEFAULT_TRIGGER_OPTIONS,
  prefetch: 50,
  timeout: '30s',
  deliveries: 5,
  redeliverAfter: '1s',
} as const satisfies Partial<MessageTriggerOptions>;
