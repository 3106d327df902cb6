import type { MethodInvoker } from '../../discovery/method-invoker.js';
import type { ResolvedDedup, TriggerDefinition } from '../../intake/trigger.definition.js';
import type { PayloadSchema } from '../payload/payload-schema.js';
import type { MessageSource } from './message-source.js';

/** How long the id of a message is remembered, and a key that its author gives: 7 days. */
export const IDENTITY_KEY_MS = 604_800_000;

/** How long a key is held that the method gives. */
export function ownKeysOf({ isDedupGiven, dedup }: Pick<MessageDefinition, 'isDedupGiven' | 'dedup'>): ResolvedDedup {
  return isDedupGiven ? dedup : { scope: 'window', windowMs: IDENTITY_KEY_MS };
}

/** A message trigger, checked, with every default filled in and its source ready. */
export interface MessageDefinition extends TriggerDefinition {
  readonly kind: 'message';
  readonly from: MessageSource;
  readonly schema: PayloadSchema | null;
  readonly prefetch: number;
  readonly deliveries: number;
  readonly redeliverAfterMs: number;
  /** Whether the author said something about dedup. */
  readonly isDedupGiven: boolean;
  /** Called with the `Message`. */
  readonly invoker: MethodInvoker;
}
