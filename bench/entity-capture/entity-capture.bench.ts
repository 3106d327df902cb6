import type { INestApplicationContext } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { startApp } from '../harness/app.js';
import type { Bench, BenchResult } from '../harness/bench.js';
import { timed } from '../harness/event-loop.js';
import type { Machine } from '../harness/machine.js';
import { OneTask } from '../harness/one-task.workflow.js';
import { figure, interleave } from '../harness/rounds.js';
import type { Sample } from '../harness/rounds.js';
import { Order, OrderTriggers, PlainOrder, openOrders, orderOf } from './orders.js';

/** Inserts that are on their way at once: as many as TypeORM has connections on Postgres; on SQLite there is one. */
const CALLERS = { sqlite: 1, postgres: 10 } as const;
const UNIT = 'inserts/s';
const TARGET = 0.85;

/** What capture costs an application that inserts. */
export const entityCapture: Bench = {
  name: 'entity-capture',
  work: 'plain inserts of orders of 300 bytes by TypeORM, each committed, into a table that is watched and one that is not',
  async run(machine): Promise<BenchResult> {
    const captured = await Application.start(machine, false);
    const relayed = await Application.start(machine, true);
    const samples = await interleave(machine.options.rounds, {
      plain: () => captured.insert(PlainOrder),
      captured: () => captured.insert(Order),
      relayed: () => relayed.insert(Order),
    });
    await captured.close();
    await relayed.close();
    return judge(samples);
  },
};

function judge({ plain, captured, relayed }: Record<'plain' | 'captured' | 'relayed', Sample[]>): BenchResult {
  const alone = figure(plain, 'perSecond', 'no capture', UNIT);
  const ours = figure(captured, 'perSecond', 'captured', UNIT);
  const ratio = ours.median / alone.median;
  return {
    bench: 'entity-capture',
    figures: [
      alone,
      ours,
      figure(relayed, 'perSecond', 'captured, and fired and run in the same process meanwhile', UNIT),
      figure(relayed, 'delayP99', 'event-loop delay p99 meanwhile', 'ms'),
    ],
    ratio,
    target: `≥ ${TARGET} × the inserts without capture`,
    met: ratio >= TARGET,
    notes: [],
  };
}

/** An application with orders; whether it relays what is captured itself, or leaves that to another process. */
class Application {
  private constructor(
    private readonly app: INestApplicationContext,
    private readonly source: DataSource,
    private readonly machine: Machine,
  ) {}

  static async start(machine: Machine, autostart: boolean): Promise<Application> {
    const source = await openOrders((await machine.backends()).database);
    const providers = [OneTask, OrderTriggers, { provide: DataSource, useValue: source }];
    return new Application(await startApp(await machine.backends(), providers, { autostart }), source, machine);
  }

  async insert(entity: typeof Order): Promise<Sample> {
    const { options } = this.machine;
    const count = this.machine.size(options.store === 'sqlite' ? 10_000 : 20_000, 1_000);
    const sample = await timed(count, () => this.#insertAll(entity, count, CALLERS[options.store]));
    await this.source.query('DELETE FROM triggers_outbox');
    return sample;
  }

  async #insertAll(entity: typeof Order, count: number, callers: number): Promise<void> {
    const { manager } = this.source;
    let at = 0;
    const caller = async (): Promise<void> => {
      while (at < count) {
        await manager.insert(entity, orderOf(at++));
        // On SQLite nothing else of the process has a turn otherwise; a request would have waited for the network here.
        await new Promise((resolve) => setImmediate(resolve));
      }
    };
    await Promise.all(Array.from({ length: callers }, caller));
  }

  async close(): Promise<void> {
    await this.app.close();
    await this.source.destroy();
  }
}
