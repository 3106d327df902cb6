/**
 * What the method of a message trigger is told: one message, after its body was read and its schema checked.
 *
 * @typeParam Body what was sent, as it came through JSON: a `Date` of the schema is a text here
 */
export interface Message<Body = unknown> {
  /** The name of the trigger. */
  readonly trigger: string;
  /** What the broker calls it; `null` where it calls messages nothing. */
  readonly id: string | null;
  readonly body: Body;
  /** What was sent beside the body, as texts. */
  readonly headers: Readonly<Record<string, string>>;
  /** The dedup key, unless the method gives another one; `null` without identity. */
  readonly key: string | null;
  /** How often it was delivered, this time included, as far as the broker knows. From 1. */
  readonly deliveries: number;
  /** Whether it was delivered before, and perhaps began to be handled. */
  readonly redelivered: boolean;
  /** When it was sent, where the broker says so. */
  readonly sentAt: Date | null;
  readonly receivedAt: Date;
}
