import { tally } from 'play';

/** What each trigger of the shop is about, and what it leads to. */
export const TRIGGERS = {
  new_customer: { id: 'customerId', mail: 'welcome' },
  customer_left: { id: 'customerId', mail: 'goodbye' },
  contract_review: { id: 'contractId', mail: 'review' },
  order_placed: { id: 'orderId', mail: 'packing list' },
  payment_received: { id: 'paymentId', mail: 'receipt' },
} as const;

export type TriggerName = keyof typeof TRIGGERS;

/** A firing that a write should lead to, by the row that it is about. */
export interface Claim {
  readonly trigger: TriggerName;
  readonly id: number;
  /** No firing of its own: an earlier one was counted once more. */
  readonly isRepeat?: true;
}

/** What became of a write, in the words of the table; `–` for nothing. */
export interface Fate {
  /** What whoever wrote was told. */
  readonly answered: string;
  readonly firing: string;
  readonly execution: string;
  /** What somebody was told in the end. */
  readonly mail: string;
}

/** One write of the day, and what should become of it. */
export interface Story {
  readonly what: string;
  /** How it was written. */
  readonly by: string;
  readonly answered: string;
  readonly starts: readonly Claim[];
  /** What was seen of its firings on the way, where that is not how they ended. */
  readonly seen?: string;
  readonly expected: Fate;
}

type Told = Pick<Story, 'what' | 'by' | 'answered' | 'seen'>;

/** A write that starts what it claims, unless `over` says otherwise. */
export function starting(told: Told, answered: string, starts: readonly Claim[], over: Partial<Fate> = {}): Story {
  const expected = {
    answered,
    firing: summed(starts.map(() => 'accepted')),
    execution: summed(starts.map(() => 'completed')),
    mail: summed(starts.map(({ trigger }) => TRIGGERS[trigger].mail)),
    ...over,
  };
  return { ...told, starts, expected };
}

/** A write that starts nothing. */
export function idle(told: Told, answered: string): Story {
  return starting(told, answered, []);
}

/** `accepted, rejected ×2`: in the order in which they came first; `–` for nothing. */
export function summed(words: readonly string[]): string {
  const counts = [...tally(words)];
  return counts.map(([word, count]) => (count === 1 ? word : `${word} ×${count}`)).join(', ') || '–';
}
