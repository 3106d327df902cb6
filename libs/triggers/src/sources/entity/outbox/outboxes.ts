import { Injectable } from '@nestjs/common';
import type { DataSource } from 'typeorm';
import { OutboxIntake } from '../../../intake/outbox-intake.service.js';
import { Clock } from '../../../model/clock.js';
import { TriggersError } from '../../../model/errors.js';
import { TimerRegistry } from '../../../model/timer-registry.js';
import type { Outbox } from './outbox.js';
import { PostgresOutbox } from './postgres.outbox.js';
import { connectionOf } from './sqlite.connection.js';
import { SqliteOutbox } from './sqlite.outbox.js';

/** One outbox for each DataSource of the application that needs one. */
@Injectable()
export class Outboxes {
  readonly #bySource = new Map<object, Outbox>();

  constructor(
    private readonly intake: OutboxIntake,
    private readonly clock: Clock,
    private readonly timers: TimerRegistry,
  ) {}

  /**
   * The outbox in the database of a DataSource; nothing is made there yet.
   *
   * @param where for messages
   * @throws TRG_DEF_DATA_SOURCE for a SQLite database in memory, and for the file of our own
   */
  of(source: DataSource, where: string): Outbox {
    const known = this.#bySource.get(source);
    if (known !== undefined) return known;
    const made = source.options.type === 'postgres' ? this.#postgres(source) : this.#sqlite(source, where);
    this.#bySource.set(source, made);
    return made;
  }

  /** That of a DataSource which has one. */
  get(source: object): Outbox | undefined {
    return this.#bySource.get(source);
  }

  all(): readonly Outbox[] {
    return [...this.#bySource.values()];
  }

  #postgres(source: DataSource): Outbox {
    return new PostgresOutbox(source, `Database "${String(source.driver.database)}"`, this.clock);
  }

  #sqlite(source: DataSource, where: string): Outbox {
    const { name, memory } = connectionOf(source);
    if (memory) {
      throw refuse(
        `${where}: its DataSource is a SQLite database in memory, which nobody else can read. Give it a file, also in tests.`,
      );
    }
    if (this.intake.isOwnFile(name)) {
      throw refuse(
        `${where}: its DataSource and the option "database" of this module are one file, "${name}". Two writers in one process ` +
          'make each other fail: give the module a file of its own (database: { type: "sqlite", path }).',
      );
    }
    return new SqliteOutbox(source, `Database "${name}"`, this.clock, this.timers);
  }
}

function refuse(message: string): TriggersError {
  return new TriggersError('TRG_DEF_DATA_SOURCE', message);
}
