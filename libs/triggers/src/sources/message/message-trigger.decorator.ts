import { addMethodMetadata, metadataKey } from '../../discovery/metadata.js';
import type { InputOf, InputSchema, WorkflowRefs } from '../../intake/trigger-options.js';
import type { Jsonify } from '../../model/json.js';
import type { MappedEvent, MappingDecorator } from '../payload/mapping-types.js';
import type { Message } from './message.js';
import type { MessageTriggerOptions } from './message.options.js';

/** What `@MessageTrigger` leaves on a method. */
export const MESSAGE_TRIGGER = metadataKey<MessageTriggerOptions>('message-trigger');

/** What the method of a message trigger is told. */
interface MessageMapping<S> extends MappedEvent {
  readonly kind: 'message';
  readonly article: 'a Message';
  readonly any: Message;
  readonly typed: Message<InputOf<S>>;
  readonly json: Message<Jsonify<InputOf<S>>>;
}

/** The decorator that {@link MessageTrigger} makes. */
export type MessageTriggerDecorator<W extends WorkflowRefs, S extends InputSchema> = MappingDecorator<
  W,
  S,
  MessageMapping<S>
>;

/**
 * Makes a method a message trigger: each message of a queue or stream is read, checked, deduplicated by its id and committed
 * before it is acknowledged. The method turns a message into the context of the workflow; it returns that, or a `TriggerResult`,
 * or nothing, and then the body is fired as it is. `TriggerResult.skip` starts nothing.
 *
 * A message that fails (no JSON, not what the schema says, the method or the filter throws or does not end) is delivered again, later each time, and becomes
 * a dead letter the fifth time. While our database is away nothing is taken from the broker and nothing counts. Of a disabled
 * trigger messages wait in the broker.
 *
 * Returning a context that the workflow's tasks do not take does not compile.
 *
 * @param options see {@link MessageTriggerOptions}; the defaults are `DEFAULT_MESSAGE_OPTIONS`
 * @example
 * @MessageTrigger({ workflow: Ship, from: bullMqQueue({ queue: 'paid-orders', connection: 'redis://localhost' }) })
 * paid({ body }: Message<PaidOrder>) {
 *   return body.total > 0 ? { order: body.id } : TriggerResult.skip('nothing to ship');
 * }
 */
export function MessageTrigger<const W extends WorkflowRefs, const S extends InputSchema = InputSchema>(
  options: MessageTriggerOptions<W, S>,
): MessageTriggerDecorator<W, S> {
  const value = options as unknown as MessageTriggerOptions;
  return (target, key) => addMethodMetadata(MESSAGE_TRIGGER, target, key, value);
}
