import { isTriggersError } from '../../../model/errors.js';
import { isDoneWithin } from '../../../model/patience.js';
import { errorMessage } from '../../../model/text.js';
import { parseSecrets } from './secret.js';
import type { SecretOption, SecretSlot } from './secret.js';
import type { VerifierSetup } from './verifier.js';

/** What was read for one sender. */
type Entry<K> = { readonly keys: readonly K[] | null; readonly checkedAt: number };

/** The keys of a sender; `unknown`: nobody has that name; `unavailable`: they could not be read, try again. */
export type KeysFound<K> = { readonly keys: readonly K[] } | 'unknown' | 'unavailable';

/** Secrets 1 to 5 minutes old still accept; what they would refuse waits up to 2 s for the new ones. */
const FRESH_MS = 60_000;
/** Beyond it a delivery waits for them: one that comes after a long silence is not judged by what was revoked long ago. */
const STALE_MS = 5 * 60_000;
/** So long a delivery waits. */
const PATIENCE_MS = 2_000;
/** So many senders' secrets are read at once: names that somebody invents gather no more. */
const MAX_READINGS = 100;
/** So long a reading counts as one that is under way. */
const READING_MS = 30_000;
/** Senders that are remembered, and as many names that no sender has: nobody fills the memory by inventing names. */
const MAX_SENDERS = 1_000;

/**
 * The active secrets of one trigger, by sender where the path has parameters and the function takes them.
 *
 * A value stands for ever. A function is asked at boot, and again each minute, in the background: when that fails, the
 * secrets that were known go on, and an operator is told, once a minute at most. With path parameters, if it takes them, it is asked for each
 * sender at its first delivery; what it does not know (`undefined`, or an error with status 404) is asked again a minute later.
 */
export class SecretBook<K> {
  readonly #known = new Map<string, Entry<K>>();
  readonly #unknown = new Map<string, Entry<K>>();
  readonly #readings = new Map<string, Promise<void>>();
  #warnedAt = Number.NEGATIVE_INFINITY;

  /** The secret is asked for each sender in the path: the function takes the parameters. */
  readonly isPerSender: boolean;

  private constructor(
    private readonly slot: SecretSlot<K>,
    private readonly value: SecretOption,
    private readonly setup: VerifierSetup,
  ) {
    this.isPerSender = setup.hasParams && typeof value === 'function' && value.length >= 2;
  }

  /** @throws TRG_DEF_INVALID_OPTION when a secret is missing, empty or malformed, or the function that returns it threw */
  static async open<K>(slot: SecretSlot<K>, value: SecretOption, setup: VerifierSetup): Promise<SecretBook<K>> {
    const book = new SecretBook(slot, value, setup);
    if (typeof value !== 'function') book.#keep('', parseSecrets(value, slot));
    else if (!book.isPerSender) book.#keep('', parseSecrets(await slot.attempt(() => value(setup.ref, {})), slot));
    return book;
  }

  /** The keys that the sender of a delivery may have signed with. Never throws. */
  async of(params: Readonly<Record<string, string>>): Promise<KeysFound<K>> {
    const id = this.#idOf(params);
    const entry = this.#known.get(id) ?? this.#unknown.get(id);
    const age = entry === undefined ? Number.POSITIVE_INFINITY : this.setup.clock.monotonic() - entry.checkedAt;
    if (typeof this.value !== 'function' || age < FRESH_MS) return this.#found(id);
    const reading = this.#readOnce(id, this.value, params);
    if (age >= STALE_MS || entry?.keys === null) await isDoneWithin(PATIENCE_MS, reading, this.setup.clock);
    return this.#found(id);
  }

  /** The keys once a reading that is under way has ended: for a delivery that none of the known ones has signed. Never throws. */
  async renewed(params: Readonly<Record<string, string>>): Promise<KeysFound<K>> {
    const id = this.#idOf(params);
    const reading = this.#readings.get(id);
    if (reading !== undefined) await isDoneWithin(PATIENCE_MS, reading, this.setup.clock);
    return this.#found(id);
  }

  #idOf(params: Readonly<Record<string, string>>): string {
    return this.isPerSender ? JSON.stringify(params) : '';
  }

  #found(id: string): KeysFound<K> {
    const entry = this.#known.get(id);
    if (entry?.keys) {
      touch(this.#known, id, entry);
      return { keys: entry.keys };
    }
    return this.#unknown.has(id) ? 'unknown' : 'unavailable';
  }

  #readOnce(id: string, read: SecretFunction, params: Readonly<Record<string, string>>): Promise<void> {
    const running = this.#readings.get(id);
    if (running) return running;
    if (this.#readings.size >= MAX_READINGS) return Promise.resolve();
    const reading = this.#readInTime(id, read, params).finally(() => this.#readings.delete(id));
    this.#readings.set(id, reading);
    return reading;
  }

  /** What comes later still counts, but nobody waits for it any more. */
  async #readInTime(id: string, read: SecretFunction, params: Readonly<Record<string, string>>): Promise<void> {
    const isDone = await isDoneWithin(READING_MS, this.#read(id, read, params), this.setup.clock);
    if (!isDone) this.#readInVain(id, new Error('the function that returns the secrets did not end within 30s'));
  }

  async #read(id: string, read: SecretFunction, params: Readonly<Record<string, string>>): Promise<void> {
    try {
      const value = await read(this.setup.ref, this.isPerSender ? params : {});
      const isUnknown = this.isPerSender && (value === undefined || value === null);
      this.#keep(id, isUnknown ? null : parseSecrets(value, this.slot));
    } catch (error) {
      if (this.isPerSender && isNotFound(error)) this.#keep(id, null);
      else this.#readInVain(id, error);
    }
  }

  #keep(id: string, keys: readonly K[] | null): void {
    const [now, before] = keys ? [this.#known, this.#unknown] : [this.#unknown, this.#known];
    before.delete(id);
    touch(now, id, { keys, checkedAt: this.setup.clock.monotonic() });
  }

  #readInVain(id: string, error: unknown): void {
    const old = this.#known.get(id);
    if (old) this.#keep(id, old.keys);
    const now = this.setup.clock.monotonic();
    if (now - this.#warnedAt < FRESH_MS) return;
    this.#warnedAt = now;
    const why = isTriggersError(error) ? error.message : `${this.slot.where}: ${errorMessage(error)}.`;
    const then = old ? 'The secrets read before stay in use' : 'Deliveries are answered 503';
    this.setup.warn(`${why} ${then}; it is tried again.`);
  }
}

type SecretFunction = Extract<SecretOption, (...args: never) => unknown>;

/** Puts an entry where the youngest are, and drops the oldest. */
function touch<K>(entries: Map<string, Entry<K>>, id: string, entry: Entry<K>): void {
  entries.delete(id);
  entries.set(id, entry);
  if (entries.size <= MAX_SENDERS) return;
  for (const oldest of entries.keys()) {
    entries.delete(oldest);
    return;
  }
}

/** Nest's `NotFoundException` and whatever else carries the status 404. */
function isNotFound(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false;
  const { status, getStatus } = error as { readonly status?: unknown; readonly getStatus?: unknown };
  return (typeof getStatus === 'function' ? (getStatus.call(error) as unknown) : status) === 404;
}
