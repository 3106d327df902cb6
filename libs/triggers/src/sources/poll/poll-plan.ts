import type { StoredTrigger } from '../../intake/poll-intake.js';

/** When one trigger is polled next. Instants are monotonic. */
export abstract class PollPlan {
  /** When it is polled next as far as is known now; infinity for never. */
  nextAt = 0;

  /** Whether a poll has to be written although it found nothing, because a restart has to know when it was. */
  abstract readonly keepsClock: boolean;

  /** Takes over what is stored; says whether the next poll has to be planned anew. */
  abstract know(stored: StoredTrigger): boolean;

  /** This process polls the trigger from now on, as {@link know} was told. */
  abstract begin(stored: StoredTrigger, now: number, isHandedOver: boolean): void;

  /** The planned poll begins. */
  abstract began(): void;

  /** The next poll comes as planned. */
  abstract next(now: number): void;

  /** The next poll comes that much later than the failed one began. */
  abstract backOff(startedAt: number, failures: number, now: number): void;

  /** The next poll comes at once, and moves nothing of the plan. */
  abstract extra(now: number): void;

  /** Whether its time has come. */
  abstract isDue(now: number): boolean;

  /** When that has to be asked again. */
  abstract wakeAt(now: number): number;

  /** When a poll that is under way now would be followed by the next. */
  abstract slotAfter(now: number): number;
}
