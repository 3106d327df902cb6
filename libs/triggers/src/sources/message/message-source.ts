import type { Json } from '../../model/json.js';

/**
 * What a message carries: text that is to be read as JSON, or a value that was JSON. `unreadable` says why the text cannot be what the
 * body is; it is kept all the same.
 */
export type MessageBody = { readonly text: string; readonly unreadable?: string } | { readonly json: Json };

/** A message as an adapter hands it over. */
export interface DeliveredMessage {
  /** Of this message alone, and the same whenever it is delivered. `null`: it has none. */
  readonly id: string | null;
  readonly body: MessageBody;
  readonly headers: Readonly<Record<string, string>>;
  /** How often it was delivered, this time included, as far as the broker knows. From 1. */
  readonly deliveries: number;
  readonly sentAt: Date | null;
}

/** What is to become of a message: the broker may forget it, or it delivers it again, not before `afterMs` if it can wait. */
export type Settlement = { readonly settle: 'ack' } | { readonly settle: 'redeliver'; readonly afterMs: number };

/**
 * Takes one message. It resolves with `ack` only when everything that follows from the message is durable. It may take as long as
 * our database is away, and never rejects.
 */
export type MessageHandler = (message: DeliveredMessage) => Promise<Settlement>;

/** What an adapter is given besides the handler. */
export interface SubscribeOptions {
  /** The most messages that may be in hand: handed over and not settled. From 1. */
  readonly prefetch: number;
  /** Tells that the broker cannot be reached; may be told as often as it is found out. */
  readonly onAway: (error: unknown) => void;
  /** Tells that the broker is reached, for the first time or again. */
  readonly onBack: () => void;
}

/** A subscription. Nothing of it throws or rejects. */
export interface MessageSubscription {
  /** Takes no further messages from the broker, which keeps them. What is on its way may still be handed over. */
  pause(): void;
  /** Takes messages again. */
  resume(): void;
  /** Takes none for good; resolves when nothing more is handed over. What is in hand can still be settled. */
  stop(): Promise<void>;
  /** Ends connections. Settlements made before are told the broker first; what was not settled is delivered again, to somebody. */
  close(): Promise<void>;
}

/**
 * Where messages come from: a queue, a stream, a topic. An adapter connects by itself and again whenever it must, hands each
 * message to the handler, and settles it as the handler says. Several processes may subscribe: each message goes to one of them.
 */
export interface MessageSource {
  /** What it is, for people: `BullMQ queue "orders"`. Two triggers that read one and the same would share its messages. */
  readonly name: string;
  /** Whether its messages have ids. Without ids there is no dedup. */
  readonly hasIdentity: boolean;
  /**
   * Checks the options and loads the packages that it needs; awaited once, at boot.
   *
   * @throws TriggersError of the family `definition`, which is reported with all others
   */
  open?(): Promise<void>;
  /** Begins to hand over messages. Does not wait for the broker. Called again only after the last subscription was closed. */
  subscribe(handler: MessageHandler, options: SubscribeOptions): MessageSubscription;
}

/** The broker may forget it. */
export const ACK: Settlement = { settle: 'ack' };

/** It is to come again. */
export function redeliver(afterMs: number): Settlement {
  return { settle: 'redeliver', afterMs };
}
