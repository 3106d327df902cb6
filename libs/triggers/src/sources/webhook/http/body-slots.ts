import type { Clock, TimerHandle } from '../../../model/clock.js';

/** The most bodies in memory at once. */
export const MAX_BODIES = 64;
/** The most requests that wait to be read, unread in their sockets. */
export const MAX_WAITING = 1_000;
/** So long a request waits to be read before it is told to come again. */
export const MAX_WAIT_MS = 2_000;
/** So long an upload keeps its place from those that wait: who sends slowly must not keep everybody else out. */
export const PATIENCE_MS = 1_000;

/** The place of one body. */
export interface BodySlot {
  /** The body is on its way; `giveWay` is called when it takes too long and others wait. */
  readonly uploading: (giveWay: () => void) => void;
  /** The body is here: it keeps its place. */
  readonly uploaded: () => void;
  /** The place is kept until work with the body has ended, even when it is given back before. */
  readonly keepUntil: (work: Promise<unknown>) => void;
  /** Gives the place back; the second call does nothing. */
  readonly release: () => void;
}

interface Waiter {
  readonly timer: TimerHandle;
  readonly go: (slot: BodySlot | null) => void;
}

interface Upload {
  readonly since: number;
  readonly giveWay: () => void;
}

/** Bounds the memory that bodies take: {@link MAX_BODIES} are read or held until they are answered, the others wait. */
export class BodySlots {
  #taken = 0;
  readonly #waiting: Waiter[] = [];
  /** In the order in which they began. */
  readonly #uploads = new Set<Upload>();
  /** Uploads that were told to give way, and whose places are not free yet. */
  #leaving = 0;
  #impatience: TimerHandle | undefined;

  constructor(private readonly clock: Clock) {}

  /** Settles when the body may be read; `null` when that takes too long, or too many wait already. */
  take(): Promise<BodySlot | null> {
    if (this.#taken < MAX_BODIES) return Promise.resolve(this.#give());
    if (this.#waiting.length >= MAX_WAITING) return Promise.resolve(null);
    return new Promise((go) => {
      const waiter = { go, timer: this.clock.setTimer(() => this.#giveUp(waiter), MAX_WAIT_MS) };
      this.#waiting.push(waiter);
      this.#makeRoom();
    });
  }

  #give(): BodySlot {
    this.#taken += 1;
    let upload: Upload | undefined;
    let [isHeld, isLeaving, holders] = [true, false, 1];
    const letGo = (): void => {
      holders -= 1;
      if (holders === 0) this.#free();
    };
    const uploaded = (): void => void (upload !== undefined && this.#uploads.delete(upload));
    return {
      uploading: (giveWay) => {
        if (!isHeld) return;
        const leave = (): void => {
          isLeaving = true;
          giveWay();
        };
        upload = { since: this.clock.monotonic(), giveWay: leave };
        this.#uploads.add(upload);
      },
      uploaded,
      keepUntil: (work) => {
        holders += 1;
        work.then(letGo, letGo);
      },
      release: () => {
        if (!isHeld) return;
        isHeld = false;
        uploaded();
        if (isLeaving) this.#leaving -= 1;
        letGo();
      },
    };
  }

  #free(): void {
    this.#taken -= 1;
    const next = this.#waiting.shift();
    if (next === undefined) return;
    next.timer.clear();
    next.go(this.#give());
  }

  #giveUp(waiter: Waiter): void {
    this.#waiting.splice(this.#waiting.indexOf(waiter), 1);
    waiter.go(null);
  }

  /** For each that waits the oldest upload gives way, as soon as it has had its time. */
  #makeRoom(): void {
    for (const upload of this.#uploads) {
      if (this.#waiting.length <= this.#leaving) return;
      const leftMs = upload.since + PATIENCE_MS - this.clock.monotonic();
      if (leftMs > 0) return this.#makeRoomIn(leftMs);
      this.#uploads.delete(upload);
      this.#leaving += 1;
      upload.giveWay();
    }
  }

  #makeRoomIn(ms: number): void {
    if (this.#impatience !== undefined) return;
    this.#impatience = this.clock.setTimer(() => {
      this.#impatience = undefined;
      this.#makeRoom();
    }, ms);
  }
}
