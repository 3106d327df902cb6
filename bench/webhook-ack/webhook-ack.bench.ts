import type { Bench, BenchResult } from '../harness/bench.js';
import type { Machine } from '../harness/machine.js';
import { NO_REDIS } from '../harness/redis.js';
import { figure, interleave } from '../harness/rounds.js';
import type { Contender, Sample } from '../harness/rounds.js';
import { CONNECTIONS, newLoad, send } from './deliveries.js';
import type { Load } from './sender/load.js';
import { startAdding, startAnswering } from './servers/handlers.server.js';
import type { Server } from './servers/server.js';
import { startTriggers } from './servers/triggers.server.js';

const CALM_PER_SECOND = 500;
const UNIT = 'deliveries/s';
const TARGETS = { answering: 0.6, adding: 1, resends: 1, p99: 25 } as const;

/** Delivery → answer over HTTP, against handlers that verify and validate the same. */
export const webhookAck: Bench = {
  name: 'webhook-ack',
  work: `signed deliveries of 300 bytes on ${CONNECTIONS} connections, each a new event: verified, validated, committed, answered`,
  async run(machine) {
    const redis = await machine.redis();
    const servers = {
      answering: await startAnswering(),
      ...(redis !== null && {
        adding: await startAdding(redis, false),
        addingAndWorking: await startAdding(redis, true),
      }),
      ours: await startTriggers(await machine.backends(), ['api']),
      working: await startTriggers(await machine.backends()),
    };
    const samples = await interleave(machine.options.rounds, contenders(machine, servers));
    for (const server of Object.values(servers)) await server.close();
    return judge(samples);
  },
};

interface Servers {
  readonly answering: Server;
  readonly adding?: Server;
  readonly addingAndWorking?: Server;
  readonly ours: Server;
  readonly working: Server;
}

function contenders(machine: Machine, servers: Servers): Record<string, Contender> {
  const count = machine.size(20_000, 2_000);
  const calm = machine.size(5_000, 1_000);
  const sent = new Map<Server, Load>();
  const all =
    (server: Server): Contender =>
    () => {
      const load = newLoad(server, count);
      sent.set(server, load);
      return send(server, load);
    };
  const calmly =
    (server: Server): Contender =>
    () =>
      send(server, { ...newLoad(server, calm), perSecond: CALM_PER_SECOND });
  const { answering, adding, addingAndWorking, ours, working } = servers;
  return {
    answering: all(answering),
    ...(adding && { adding: all(adding) }),
    ours: all(ours),
    resends: () => send(ours, { ...sent.get(ours)!, expects: 'duplicate' }),
    ...(addingAndWorking && { addingAndWorking: all(addingAndWorking) }),
    working: all(working),
    calm: calmly(ours),
    calmAndWorking: calmly(working),
  };
}

type Samples = Readonly<Record<string, readonly Sample[]>>;

function judge(samples: Samples): BenchResult {
  const speed = (contender: string, name: string) => figure(samples[contender] ?? [], 'perSecond', name, UNIT);
  const calm = (contender: string, key: string, name: string) => figure(samples[contender] ?? [], key, name, 'ms');
  const answering = speed('answering', 'handler that answers');
  const adding = speed('adding', 'handler that adds a BullMQ job');
  const ours = speed('ours', 'nestjs-triggers');
  const resends = speed('resends', 'nestjs-triggers, the same deliveries again');
  const p99 = calm('calm', 'p99', `nestjs-triggers, ${CALM_PER_SECOND} a second, p99`);
  const p99Working = calm('calmAndWorking', 'p99', `and runs the tasks, p99`);
  const cpu = (contender: string) => figure(samples[contender] ?? [], 'cpu', `  its CPU, server alone`, 'µs each');
  const hasRedis = samples['adding'] !== undefined;
  const ratio = ours.median / answering.median;
  const [toAdding, toFirst] = [ours.median / adding.median, resends.median / ours.median];
  const isFast = ratio >= TARGETS.answering && toFirst >= TARGETS.resends && toAdding >= TARGETS.adding;
  return {
    bench: 'webhook-ack',
    figures: [
      answering,
      cpu('answering'),
      ...(hasRedis ? [adding, cpu('adding')] : []),
      ours,
      cpu('ours'),
      resends,
      cpu('resends'),
      ...(hasRedis ? [speed('addingAndWorking', 'handler that adds a BullMQ job, and runs the jobs')] : []),
      speed('working', 'nestjs-triggers, and runs the tasks'),
      calm('calm', 'p50', `nestjs-triggers, ${CALM_PER_SECOND} a second, p50`),
      p99,
      calm('calmAndWorking', 'p50', `and runs the tasks, p50`),
      p99Working,
    ],
    ratio,
    target: `≥ ${TARGETS.answering} × answering, ≥ ${TARGETS.adding} × adding a job; p99 ≤ ${TARGETS.p99} ms; resends ≥ ${TARGETS.resends} ×`,
    met: hasRedis ? isFast && Math.max(p99.median, p99Working.median) <= TARGETS.p99 : null,
    notes: hasRedis
      ? [`To adding a job ${toAdding.toFixed(2)}; resends to first deliveries ${toFirst.toFixed(2)}.`]
      : [`BullMQ was not measured. ${NO_REDIS}.`],
  };
}
