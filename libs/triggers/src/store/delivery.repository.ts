import { batch, run } from './dialects/batch.js';
import type { Work } from './dialects/batch.js';

/** A message whose failed deliveries are counted. */
export interface DeliveryKey {
  readonly trigger: string;
  /** The first 16 bytes of the SHA-256 of what identifies it. */
  readonly key: Buffer;
}

/** One delivery of a message that has failed. */
export interface FailedDelivery extends DeliveryKey {
  /** What identifies the message, for people. */
  readonly message: string;
  /** This delivery and no other: a commit that is repeated counts it once. */
  readonly delivery: string;
  readonly reason: string;
}

const COUNT = batch(
  'delivery_count',
  { _trigger: 'text', _key: 'bytes', _message: 'text', _delivery: 'text', _reason: 'text' },
  ({ now }) => `INSERT INTO triggers_delivery (trigger, key, message, delivery, failures, reason, at)
    SELECT _trigger, _key, _message, _delivery, 1, _reason, ${now} FROM g WHERE true
    ON CONFLICT (trigger, key) DO UPDATE SET
      failures = CASE WHEN triggers_delivery.delivery = excluded.delivery THEN triggers_delivery.failures
        ELSE triggers_delivery.failures + 1 END,
      delivery = excluded.delivery, reason = excluded.reason, at = excluded.at
    RETURNING failures`,
);

const FORGET = batch(
  'delivery_forget',
  { _trigger: 'text', _key: 'bytes' },
  () => `DELETE FROM triggers_delivery WHERE (trigger, key) IN (SELECT _trigger, _key FROM g)`,
);

/** A count that somebody raises just now is not waited for. */
const PRUNE = batch(
  'delivery_prune',
  { _before: 'instant', _limit: 'int' },
  ({ skipLocked }) => `, free AS MATERIALIZED (
      SELECT d.trigger, d.key FROM triggers_delivery d WHERE d.at < (SELECT _before FROM g) LIMIT (SELECT _limit FROM g) ${skipLocked})
    DELETE FROM triggers_delivery WHERE (trigger, key) IN (SELECT trigger, key FROM free) RETURNING trigger`,
);

/** The failures of a message that does not come again are forgotten after 7 days. */
const FORGOTTEN_AFTER_MS = 604_800_000;

/** Counts a delivery that has failed; returns how many of this message have, this one included. */
export function* countFailure({ trigger, key, message, delivery, reason }: FailedDelivery): Work<number> {
  const [row] = yield* run(COUNT, [[trigger, key, message, delivery, reason]]);
  return Number(row?.['failures']);
}

/** The message is over: it was taken, or is a dead letter. */
export function* forgetFailures({ trigger, key }: DeliveryKey): Work<void> {
  yield* run(FORGET, [[trigger, key]]);
}

/** One batch of counts of messages that did not come again; returns how many were deleted. */
export function* pruneFailures(limit: number): Work<number> {
  return (yield* run(PRUNE, [[-FORGOTTEN_AFTER_MS, limit]])).length;
}
