import type { PollReport } from './poll.reports.js';

type Waiter = (report: PollReport) => void;

/** Who asked for a poll of one trigger and waits for what it did. A poll that had begun before does not answer them. */
export class PollWaiters {
  #asked: Waiter[] | null = null;
  #answering: Waiter[] | null = null;

  /** Whether somebody waits for a poll that has not begun. */
  get wantPoll(): boolean {
    return this.#asked !== null;
  }

  /** Whether somebody waits for what the present poll does. */
  get wantReport(): boolean {
    return this.#answering !== null;
  }

  /** The report of the next poll that begins. */
  next(): Promise<PollReport> {
    return new Promise((answer) => (this.#asked ??= []).push(answer));
  }

  /** A poll begins, for everybody who asked so far. */
  began(): void {
    if (this.#asked === null) return;
    this.#answering = this.#asked;
    this.#asked = null;
  }

  /** That poll is over. */
  answer(report: PollReport): void {
    if (this.#answering === null) return;
    const waiters = this.#answering;
    this.#answering = null;
    for (const answer of waiters) answer(report);
  }

  /** There is no poll for anybody. */
  refuse(reason: string): void {
    const waiters = [...(this.#answering ?? []), ...(this.#asked ?? [])];
    this.#answering = this.#asked = null;
    for (const answer of waiters) answer({ status: 'refused', reason });
  }
}
