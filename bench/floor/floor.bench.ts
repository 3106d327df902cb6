import { ChainOfThree } from '../chain/shapes.workflow.js';
import type { Backends } from '../harness/app.js';
import type { Bench, BenchResult } from '../harness/bench.js';
import type { Machine } from '../harness/machine.js';
import { OneTask } from '../harness/one-task.workflow.js';
import { payload } from '../harness/payload.js';
import { figure, interleave } from '../harness/rounds.js';
import type { Sample } from '../harness/rounds.js';
import { Throughput } from '../harness/throughput.js';
import { newLoad, send } from '../webhook-ack/deliveries.js';
import { startTriggers } from '../webhook-ack/servers/triggers.server.js';
import { recordPostgres } from './postgres.recording.js';
import type { Recording } from './recording.js';
import { recordSqlite } from './sqlite.recording.js';

/** Work whose statements are recorded: an application that does it, and how fast it did. */
interface Shape {
  readonly name: string;
  readonly unit: string;
  readonly count: readonly [full: number, quick: number];
  start(backends: Backends): Promise<Worker>;
}

interface Worker {
  measure(count: number): Promise<Sample>;
  close(): Promise<void>;
}

const SHAPES: readonly Shape[] = [
  { name: 'drain', unit: 'executions/s', count: [20_000, 2_000], start: executionsOf(OneTask) },
  { name: 'chain', unit: 'executions/s', count: [10_000, 1_000], start: executionsOf(ChainOfThree) },
  { name: 'webhook-ack', unit: 'deliveries/s', count: [20_000, 2_000], start: deliveries },
];

/** How fast the database alone runs the statements of other benches: nothing that does this work in these rows is faster. */
export const floor: Bench = {
  name: 'floor',
  work: `the statements of ${SHAPES.map(({ name }) => `\`${name}\``).join(', ')}, recorded and run again by the driver alone`,
  async run(machine): Promise<BenchResult> {
    const figures = [];
    for (const shape of SHAPES) figures.push(await measure(machine, shape));
    return {
      bench: 'floor',
      figures: figures.flat(),
      ratio: null,
      target: 'none: what the database does alone is the ceiling of the others',
      met: null,
      notes: figures.map(
        ([ours, alone], at) => `${SHAPES[at]?.name}: ${(ours.median / alone.median).toFixed(2)} of it.`,
      ),
    };
  },
};

async function measure(machine: Machine, shape: Shape) {
  const count = machine.size(...shape.count);
  const recording = await recordingOf(shape, await machine.backends(), count);
  const worker = await shape.start(await machine.backends());
  const samples = await interleave(machine.options.rounds, {
    ours: () => worker.measure(count),
    alone: async () => ({ perSecond: (count * 1_000) / (await recording.replay()) }),
  });
  await worker.close();
  return [
    figure(samples.ours, 'perSecond', `nestjs-triggers, ${shape.name}`, shape.unit),
    figure(samples.alone, 'perSecond', `its statements alone, ${shape.name}`, shape.unit),
  ] as const;
}

/** Of an application that is started on a database which has done the same before. */
async function recordingOf({ start }: Shape, backends: Backends, count: number): Promise<Recording> {
  const once = async (): Promise<void> => {
    const worker = await start(backends);
    await worker.measure(count);
    await worker.close();
  };
  await once();
  const { database } = backends;
  return database.type === 'postgres' ? recordPostgres(database, once) : recordSqlite(database, once);
}

function executionsOf(workflow: typeof OneTask | typeof ChainOfThree): Shape['start'] {
  return async (backends) => {
    const throughput = await Throughput.start(backends, [workflow]);
    return {
      measure: (count) => throughput.measure(workflow, count, payload),
      close: () => throughput.close(),
    };
  };
}

/** Only what an acknowledgement waits for: the tasks are left for later. */
async function deliveries(backends: Backends): Promise<Worker> {
  const server = await startTriggers(backends, ['api']);
  return { measure: (count) => send(server, newLoad(server, count)), close: () => server.close() };
}
