/** The places for bodies that run at once in this process. A place is taken before a task is claimed. */
export class Slots {
  #taken = 0;

  constructor(readonly limit: number) {}

  get free(): number {
    return Math.max(0, this.limit - this.#taken);
  }

  get taken(): number {
    return this.#taken;
  }

  /** Takes up to `wanted` places; returns how many. */
  take(wanted: number): number {
    const granted = Math.min(wanted, this.free);
    this.#taken += granted;
    return granted;
  }

  release(places = 1): void {
    this.#taken -= places;
  }
}
