import type { Provider } from '@nestjs/common';
import { startApp } from '../harness/app.js';
import type { Backends } from '../harness/app.js';
import type { Bench } from '../harness/bench.js';
import { figure, interleave } from '../harness/rounds.js';
import type { Sample } from '../harness/rounds.js';
import { declareTriggers, declareWorkflows } from './declared.js';

const TRIGGERS = 100;
const WORKFLOWS = 50;
const TARGET_RATIO = 2;

/** How long the application takes to start, on a database that it knows. */
export const boot: Bench = {
  name: 'boot',
  work: 'an application with 100 triggers and 50 workflows; the same with the module, but empty',
  async run(machine) {
    const [ofEmpty, ofFull] = [await machine.backends(), await machine.backends()];
    const workflows = declareWorkflows(WORKFLOWS);
    const full = [...workflows, ...declareTriggers(TRIGGERS, workflows)];
    // A start is short, so every round has several.
    const starts = machine.size(5, 2);
    const samples = await interleave(machine.options.rounds, {
      empty: () => startTime(ofEmpty, [], starts),
      full: () => startTime(ofFull, full, starts),
    });
    const base = figure(samples.empty, 'ms', 'module, nothing declared', 'ms');
    const ours = figure(samples.full, 'ms', `${TRIGGERS} triggers, ${WORKFLOWS} workflows`, 'ms');
    const ratio = ours.median / base.median;
    const target = `≤ ${TARGET_RATIO} × the empty one`;
    return { bench: 'boot', figures: [base, ours], ratio, target, met: ratio <= TARGET_RATIO, notes: [] };
  },
};

/** From `NestFactory.createApplicationContext` until it is initialised, on average. */
async function startTime(backends: Backends, providers: Provider[], starts: number): Promise<Sample> {
  let total = 0;
  for (let start = 0; start < starts; start++) {
    const began = performance.now();
    const app = await startApp(backends, providers);
    total += performance.now() - began;
    await app.close();
  }
  return { ms: total / starts };
}
