/** Waits until something has happened so many times. */
export class Countdown {
  #left = 0;
  #over: () => void = () => undefined;

  /** Begins to count; the promise is kept by the last {@link hit}. */
  of(count: number): Promise<void> {
    this.#left = count;
    return new Promise((resolve) => (this.#over = resolve));
  }

  hit(times = 1): void {
    this.#left -= times;
    if (this.#left === 0) this.#over();
  }
}
