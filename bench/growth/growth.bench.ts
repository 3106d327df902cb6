import { WorkflowRunner } from 'nestjs-triggers';
import { startApp } from '../harness/app.js';
import type { Bench } from '../harness/bench.js';
import { OneTask } from '../harness/one-task.workflow.js';
import { payload } from '../harness/payload.js';
import { figure, interleave } from '../harness/rounds.js';
import type { Sample } from '../harness/rounds.js';
import { Throughput } from '../harness/throughput.js';
import { openLedger } from './ledger.js';
import { insertHistory } from './history.js';

const CONTEXT_BYTES = 4_096;
const TARGET_RATIO = 0.9;

/** Whether old executions make new ones slow. */
export const growth: Bench = {
  name: 'growth',
  work: 'drain with no and with 1,000,000 old executions (4 KiB contexts) in the database',
  async run(machine) {
    const count = machine.size(20_000, 2_000);
    const old = machine.size(1_000_000, 50_000);
    const backends = await machine.backends();
    const seed = await startApp(backends, [OneTask]);
    await seed.get(WorkflowRunner).execute(OneTask, { text: 'x'.repeat(CONTEXT_BYTES) });
    await seed.close();
    const ledger = await openLedger(backends.database);
    await insertHistory(ledger, old);
    await ledger.close();
    const grown = await Throughput.start(backends, [OneTask]);
    const samples = await interleave(machine.options.rounds, {
      empty: async () => {
        const fresh = await Throughput.start(await machine.backends(), [OneTask]);
        await fresh.measure(OneTask, Math.ceil(count / 10), payload);
        const sample = await fresh.measure(OneTask, count, payload);
        await fresh.close();
        return sample;
      },
      grown: (): Promise<Sample> => grown.measure(OneTask, count, payload),
    });
    await grown.close();
    const base = figure(samples.empty, 'perSecond', 'empty database', 'executions/s');
    const ours = figure(samples.grown, 'perSecond', `${old.toLocaleString('en')} old executions`, 'executions/s');
    const ratio = ours.median / base.median;
    const target = `≥ ${TARGET_RATIO} × the empty one`;
    return { bench: 'growth', figures: [base, ours], ratio, target, met: ratio >= TARGET_RATIO, notes: [] };
  },
};
