/** Something that was not expected to happen. */
export interface Problem {
  readonly at: string;
  readonly what: string;
  readonly message: string;
}

/** More of them say nothing new. */
const MAX_PROBLEMS = 200;

/** Does things at regular times until it is stopped; what they throw is noted. */
export class Regularly {
  readonly problems: Problem[] = [];
  /** How often each thing was done. */
  readonly done = new Map<string, number>();
  readonly #timers: NodeJS.Timeout[] = [];
  readonly #running = new Set<Promise<void>>();

  /** Begins to do something every so many ms. A time at which it is still being done is left out. */
  every(ms: number, what: string, act: () => Promise<unknown>): void {
    let busy = false;
    const once = async (): Promise<void> => {
      if (busy) return;
      busy = true;
      await this.#attempt(what, act);
      busy = false;
    };
    this.#timers.push(setInterval(() => this.#track(once()), ms));
  }

  note(what: string, error: unknown): void {
    if (this.problems.length >= MAX_PROBLEMS) return;
    this.problems.push({ at: new Date().toISOString(), what, message: String(error) });
  }

  /** Begins nothing more, and waits for what is being done. */
  async stop(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    await Promise.all(this.#running);
  }

  async #attempt(what: string, act: () => Promise<unknown>): Promise<void> {
    try {
      await act();
      this.done.set(what, (this.done.get(what) ?? 0) + 1);
    } catch (error) {
      this.note(what, error);
    }
  }

  #track(running: Promise<void>): void {
    this.#running.add(running);
    void running.finally(() => this.#running.delete(running));
  }
}
