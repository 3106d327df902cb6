import { existsSync } from 'node:fs';
import { rename, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Files are taken away so long after they came, as somebody who cares for the folder would. */
const KEPT_MS = 120_000;
/** A file that came at least so long ago was seen, and one that came at most so long ago is not taken away yet. */
const SEEN_MS = 10_000;
const YOUNG_MS = 60_000;
const LARGE_ROWS = 100_000;
const BROKEN = 'item,amount\nonly one field\n';

interface Dropped {
  readonly name: string;
  readonly text: string;
  readonly at: Date;
  readonly broken: boolean;
}

/** Drops CSV files into the inbox of the demo: new ones, broken ones, and the same ones again. */
export class InboxFeed {
  /** Different versions of files, each of which must fire once. */
  versions = 0;
  /** Files that went away without a summary. */
  readonly unprocessed: string[] = [];
  readonly large = 'large.csv';
  readonly small = 'small.csv';
  readonly #files = new Map<string, Dropped>();
  #number = 0;

  constructor(private readonly folder: string) {}

  /** Two files that stay: a small one, and one that takes long, to catch an execution while it runs. */
  async dropLasting(): Promise<void> {
    await this.#write({ name: this.large, text: csv(LARGE_ROWS), at: new Date(), broken: false });
    await this.#write({ name: this.small, text: csv(1), at: new Date(), broken: false });
    this.versions += 2;
  }

  async drop(): Promise<void> {
    await this.#new(csv(5 + (this.#number % 40)), false);
  }

  async dropBroken(): Promise<void> {
    await this.#new(BROKEN, true);
  }

  /** Writes a file that was seen once more, with the same bytes and times: the ledger knows it. */
  async dropAgain(): Promise<void> {
    const age = (file: Dropped): number => Date.now() - file.at.getTime();
    const known = [...this.#files.values()].filter(
      (file) => !file.broken && age(file) > SEEN_MS && age(file) < YOUNG_MS,
    );
    const chosen = known[Math.floor(Math.random() * known.length)];
    if (chosen !== undefined) await this.#write(chosen);
  }

  /** Makes a good file of a broken one; `false` when there is none of that name. */
  async mend(name: string): Promise<boolean> {
    const file = this.#files.get(name);
    if (file?.broken !== true || Date.now() - file.at.getTime() > YOUNG_MS) return false;
    await this.#keep({ name, text: 'item,amount\nmended,1\n', at: new Date(), broken: false });
    return true;
  }

  /** Takes old files and their summaries away. */
  async tidy(): Promise<void> {
    for (const { name, at, broken } of [...this.#files.values()]) {
      if (Date.now() - at.getTime() < KEPT_MS) continue;
      const summary = join(this.folder, 'summaries', `${name}.json`);
      if (!broken && !existsSync(summary)) this.unprocessed.push(name);
      this.#files.delete(name);
      await Promise.all([rm(join(this.folder, name)), rm(summary, { force: true })]);
    }
  }

  async #new(text: string, broken: boolean): Promise<void> {
    const name = `file-${String(++this.#number).padStart(6, '0')}.csv`;
    await this.#keep({ name, text, at: new Date(), broken });
  }

  async #keep(file: Dropped): Promise<void> {
    this.#files.set(file.name, file);
    this.versions += 1;
    await this.#write(file);
  }

  async #write({ name, text, at }: Dropped): Promise<void> {
    const hidden = join(this.folder, `.${name}.part`);
    await writeFile(hidden, text);
    await utimes(hidden, at, at);
    await rename(hidden, join(this.folder, name));
  }
}

function csv(rows: number): string {
  return `item,amount\n${Array.from({ length: rows }, (_, row) => `item ${row},${row % 100}.25\n`).join('')}`;
}
