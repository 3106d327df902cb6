import { Queue } from 'bullmq';
import { until } from '../../../../test/support/until.js';
import { newId } from '../model/ids.js';
import type { TestClock } from '../testing/test-clock.js';
import type { TriggersOptions } from '../triggers.options.js';
import { bullMq } from './transport/bullmq/bullmq.js';
import { queueOf } from './transport/bullmq/ready-messages.js';

/** Looks at Redis that found the same before what is on its way there has arrived. */
const QUIET_LOOKS = 4;
/** A message that nobody takes is left to the sweep. */
const MOST_LOOKS = 100;

/** The messages of one test: time passes on its clock, while Redis and its clients take real time. */
export class TestMessages {
  readonly #prefix = `t${newId().slice(-12)}`;
  readonly #queue: Queue;

  constructor(private readonly port: number) {
    this.#queue = new Queue(queueOf(this.#prefix, 'default'), { connection: { port } });
  }

  get options(): Partial<TriggersOptions> {
    return { transport: bullMq({ connection: { port: this.port }, prefix: this.#prefix }) };
  }

  /** Whenever the clock of the test comes to rest, so have the messages. `freeSlots`: those of each node that lives. */
  restWith(clock: TestClock, freeSlots: () => readonly number[]): void {
    const [settle, advance] = [clock.settle.bind(clock), clock.advance.bind(clock)];
    const rest = async (): Promise<void> => {
      let [looks, quiet, seen] = [0, 0, ''];
      await until(async () => {
        await settle();
        const { state, rests } = await this.#look(freeSlots());
        quiet = rests && state === seen ? quiet + 1 : 0;
        seen = state;
        looks += 1;
        return quiet >= QUIET_LOOKS || looks >= MOST_LOOKS;
      }, 'messages come to rest');
    };
    clock.settle = rest;
    clock.advance = async (ms) => {
      clock.settle = settle;
      await advance(ms);
      clock.settle = rest;
      await rest();
    };
  }

  async close(): Promise<void> {
    await this.#queue.obliterate({ force: true });
    await this.#queue.close();
  }

  /** It does not rest while somebody has a slot for a message that waits. */
  async #look(slots: readonly number[]): Promise<{ readonly state: string; readonly rests: boolean }> {
    const counts = await this.#queue.getJobCounts('wait', 'prioritized', 'active');
    const waits = (counts['wait'] ?? 0) + (counts['prioritized'] ?? 0) > 0;
    return { state: JSON.stringify([counts, slots]), rests: !waits || slots.every((free) => free === 0) };
  }
}
