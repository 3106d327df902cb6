const STEP_MS = 10;

/** Calls something `count` times per interval, spread evenly, and nothing else. */
export class EmptyLoop {
  calls = 0;
  readonly #timer: NodeJS.Timeout;

  constructor(count: number, intervalMs: number, call: (index: number) => Promise<unknown>) {
    const started = performance.now();
    this.#timer = setInterval(() => {
      const due = Math.floor(((performance.now() - started) * count) / intervalMs);
      for (; this.calls < due; this.calls++) void call(this.calls % count);
    }, STEP_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
