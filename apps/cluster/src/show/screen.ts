import type { WriteStream } from 'node:tty';

/** Moves up and clears what is below. */
const upBy = (lines: number): string => `\u001b[${lines}A\u001b[0J`;

/** Where the show is seen: news above a table that is drawn again in a terminal, and a line a second anywhere else. */
export class Screen {
  #drawn = 0;
  #shownAt = Number.NEGATIVE_INFINITY;
  readonly #began = performance.now();

  constructor(private readonly out: Pick<WriteStream, 'write' | 'isTTY'>) {}

  /** Something happened. */
  tell(text: string): void {
    this.#erase();
    this.out.write(`${this.#seconds()}  ${text}\n`);
  }

  /** How things stand. @param line the same in one line */
  show(table: readonly string[], line: string): void {
    if (!this.out.isTTY) return this.#each1000ms(() => this.tell(line));
    this.#erase();
    this.out.write(`${table.join('\n')}\n`);
    this.#drawn = table.length;
  }

  #each1000ms(work: () => void): void {
    if (performance.now() - this.#shownAt < 1_000) return;
    this.#shownAt = performance.now();
    work();
  }

  #erase(): void {
    if (this.#drawn > 0) this.out.write(upBy(this.#drawn));
    this.#drawn = 0;
  }

  #seconds(): string {
    return `${((performance.now() - this.#began) / 1_000).toFixed(1).padStart(5)} s`;
  }
}
