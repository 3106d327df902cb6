import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { spawnChild } from './child.js';
import type { Child } from './child.js';
import { newDatabase } from './database.js';
import type { DialectName, TestDatabase } from './database.js';
import { newFolder } from './folder.js';

/** Where the processes of fixtures/patient.mjs do their work: each task of theirs waits for a gate, and then has its effect. */
export class Patients {
  readonly #effects: string;
  readonly #gate: string;

  private constructor(
    readonly database: TestDatabase,
    folder: string,
  ) {
    this.#effects = join(folder, 'effects');
    this.#gate = join(folder, 'gate');
  }

  static async on(dialect: DialectName): Promise<Patients> {
    return new Patients(await newDatabase(dialect), newFolder());
  }

  /** One more process. @param env how it differs: LEASE, CONCURRENCY */
  start(env: Readonly<Record<string, string>>): Child {
    const places = { EFFECTS: this.#effects, GATE: this.#gate };
    return spawnChild('patient.mjs', { ...this.database.environment, ...places, ...env });
  }

  openGate(): void {
    writeFileSync(this.#gate, '');
  }

  /** The lines that tasks have written, in the order in which they did. */
  effects(): string[] {
    return existsSync(this.#effects) ? readFileSync(this.#effects, 'utf8').trim().split('\n') : [];
  }
}
