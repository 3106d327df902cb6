import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { OncePerKey } from 'play';

/** One line of the file of effects: a report that the customer took. */
export interface Effect {
  readonly key: string;
  readonly name: string;
  /** Who delivered it first. */
  readonly by: string;
  /** Who ran which task before. */
  readonly ranBy: Readonly<Record<string, string>>;
}

/** The customer thinks about it before it answers: time in which the sender may die. */
const ANSWERS_AFTER_MS = 150;

/**
 * Takes reports, once for each key, and writes each into a file before it answers. Two reports of one order under different keys
 * would stand there twice.
 */
export class Customer extends OncePerKey<Effect> {
  constructor(private readonly file: string) {
    super({
      keep: (report, { key }) => {
        const { name, by, ranBy } = report as Omit<Effect, 'key'>;
        const effect = { key, name, by, ranBy };
        appendFileSync(file, `${JSON.stringify(effect)}\n`);
        return effect;
      },
      answersAfterMs: ANSWERS_AFTER_MS,
    });
  }

  /** What stands in the file, whatever this process remembers. */
  effects(): Effect[] {
    if (!existsSync(this.file)) return [];
    const lines = readFileSync(this.file, 'utf8').split('\n').filter(Boolean);
    return lines.map((line) => JSON.parse(line) as Effect);
  }
}
