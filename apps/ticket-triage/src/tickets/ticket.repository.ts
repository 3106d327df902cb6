import { join } from 'node:path';
import { Inject, Injectable } from '@nestjs/common';
import type { OnApplicationShutdown } from '@nestjs/common';
import Sqlite from 'better-sqlite3';
import { SETTINGS } from '../settings.js';
import type { Settings } from '../settings.js';

/** A ticket that was given to a team. */
export interface TriagedTicket {
  readonly ticketId: string;
  readonly customer: string;
  readonly subject: string;
  readonly category: string;
  readonly urgency: string;
  readonly team: string;
  /** ISO 8601 in UTC. */
  readonly triagedAt: string;
}

/** Instants: from the first one on, before the second one. */
export interface Period {
  readonly from: Date;
  readonly to: Date;
}

const TABLE = `CREATE TABLE IF NOT EXISTS ticket (
  ticketId TEXT PRIMARY KEY, customer TEXT NOT NULL, subject TEXT NOT NULL, category TEXT NOT NULL, urgency TEXT NOT NULL,
  team TEXT NOT NULL, triagedAt TEXT NOT NULL
) STRICT`;

/** A task may run twice: the second time changes nothing, not even when it was. */
const SAVE = `INSERT INTO ticket VALUES (@ticketId, @customer, @subject, @category, @urgency, @team, @triagedAt)
  ON CONFLICT (ticketId) DO UPDATE SET category = excluded.category, urgency = excluded.urgency, team = excluded.team`;

/** The application's own data. They are no part of the ledger: its database belongs to the library. */
@Injectable()
export class TicketRepository implements OnApplicationShutdown {
  readonly #database: Sqlite.Database;

  constructor(@Inject(SETTINGS) { dataDir }: Settings) {
    this.#database = new Sqlite(join(dataDir, 'tickets.db'));
    this.#database.pragma('journal_mode = WAL');
    this.#database.exec(TABLE);
  }

  save(ticket: TriagedTicket): void {
    this.#database.prepare(SAVE).run(ticket);
  }

  /** Oldest first. */
  list({ from, to }: Period): TriagedTicket[] {
    const rows = this.#database.prepare(
      'SELECT * FROM ticket WHERE triagedAt >= ? AND triagedAt < ? ORDER BY triagedAt',
    );
    return rows.all(from.toISOString(), to.toISOString()) as TriagedTicket[];
  }

  /** How many each team got. */
  countByTeam(period: Period): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const { team } of this.list(period)) counts[team] = (counts[team] ?? 0) + 1;
    return counts;
  }

  /** @returns how many there were */
  deleteBefore(instant: Date): number {
    return this.#database.prepare('DELETE FROM ticket WHERE triagedAt < ?').run(instant.toISOString()).changes;
  }

  onApplicationShutdown(): void {
    this.#database.close();
  }
}
