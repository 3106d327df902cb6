import type pg from 'pg';
import type { Clock } from '../../model/clock.js';
import { isDoneWithin } from '../../model/patience.js';

/** How long the server may take to answer a goodbye. */
const GOODBYE_MS = 2_000;

/** Open connections, so that none outlives its process: in a network that swallows everything no goodbye is ever answered. */
export class PostgresConnections {
  readonly #open = new Map<pg.ClientBase, Promise<void>>();

  constructor(private readonly clock: Clock) {}

  /** Remembers a connection until it has ended. */
  keep(client: pg.ClientBase): void {
    if (this.#open.has(client)) return;
    const ended = new Promise<void>((resolve) => client.once('end', resolve));
    this.#open.set(
      client,
      ended.then(() => void this.#open.delete(client)),
    );
  }

  /** Says goodbye and waits until all have ended; those that do not in time are broken off. */
  async end(goodbye: () => Promise<unknown>): Promise<void> {
    const ended = Promise.all([goodbye(), ...this.#open.values()]);
    if (await isDoneWithin(GOODBYE_MS, ended, this.clock)) return;
    for (const client of this.#open.keys()) (client as pg.Client).connection.stream.destroy();
  }
}
