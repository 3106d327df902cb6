/**
 * How processes on one database tell each other that something changed. Whatever is said may be lost, doubled or late:
 * it only makes others look sooner than they would by themselves.
 */
export interface NoticeChannel {
  /** Tells what other processes say, until {@link close}. Never throws: while it cannot hear, others are not heard. */
  listen(hear: (text: string) => void): void;
  /** Called every second: looks for what does not come by itself, and for a connection that broke. */
  look(): void;
  /** Tells the other processes. Never throws and is not waited for. */
  send(texts: readonly string[]): void;
  close(): Promise<void>;
}

/** Heard when anything may have changed: what was said meanwhile is lost, or the database does not say more. */
export const ANYTHING = 'anything';
