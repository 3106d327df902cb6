import { Injectable } from '@nestjs/common';
import { Clock } from '../../../model/clock.js';
import { TimerRegistry } from '../../../model/timer-registry.js';
import { Wakeups } from '../../../model/timers.js';
import { Store } from '../../../store/store.service.js';
import { SWEEP_MS, TableClaims } from '../table-claims.js';
import { TaskTransport } from '../transport.js';
import type { TransportHost } from '../transport.js';

/**
 * The default transport: ready tasks are claimed straight from their table. It is woken by commits of this process and looks by
 * itself every second.
 */
@Injectable()
export class StoreTransport extends TaskTransport {
  readonly #claims: TableClaims;
  readonly #wakeups: Wakeups;
  #active = false;

  constructor(store: Store, clock: Clock, timers: TimerRegistry) {
    super();
    this.#claims = new TableClaims(store, () => ({ overdueMs: 0, goesOn: true }));
    this.#wakeups = new Wakeups(clock, 'triggers:claims', timers);
  }

  /** Notices of the store tell the others. */
  open(): void {}

  start(host: TransportHost): void {
    this.#active = true;
    this.#claims.start(host);
    this.#sweep();
  }

  wake(inMs: number): void {
    if (!this.#active || inMs >= SWEEP_MS) return;
    if (inMs > 0) return this.#wakeLater(inMs);
    this.#claims.wake();
  }

  noticed(): void {
    this.wake(0);
  }

  slotFreed(): void {
    this.#claims.slotFreed();
  }

  async stop(): Promise<void> {
    this.#active = false;
    this.#wakeups.clear();
    await this.#claims.stop();
  }

  async close(): Promise<void> {}

  /** Sooner than the next sweep: retries and delays of a fraction of a second keep their time. */
  #wakeLater(inMs: number): void {
    this.#wakeups.after(inMs, () => this.wake(0));
  }

  #sweep(): void {
    this.#wakeups.after(SWEEP_MS, () => this.#sweep());
    void this.#claims.look();
  }
}
