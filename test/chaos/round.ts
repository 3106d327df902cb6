import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { unfinished } from './check/calm.js';
import { readEffects, readPolls } from './check/effects.js';
import type { Expectations } from './check/expectations.js';
import { LedgerView } from './check/ledger-view.js';
import { checkOwners } from './check/owners.check.js';
import { checkPromises } from './check/promises.js';
import { startWaits } from './check/start-waits.js';
import { Random } from './random.js';
import type { Scenario, ScenarioOptions } from './scenarios/scenario.js';
import { pause } from './pause.js';
import { World } from './world/world.js';
import type { Surroundings } from './world/world.js';

const CALM_PATIENCE_MS = 45_000;
const LOOK_EVERY_MS = 50;
/** In which every poll has its turn again: what it would fire a second time is there after it. */
const AFTERMATH_MS = 150;
/** In which every trigger is polled a few times. */
const WATCH_MS = 250;
/** For a tick of a schedule that ticks every second. */
const TICK_PATIENCE_MS = 20_000;
const OWNERS_PATIENCE_MS = 15_000;
const MAX_PROBLEMS = 20;

/** What one round found. */
export interface RoundResult {
  readonly scenario: string;
  readonly seed: number;
  readonly ms: number;
  readonly notes: readonly string[];
  readonly problems: readonly string[];
  /** How long executions waited from their firing to their first body, in a round of several nodes. */
  readonly startWaitsMs: readonly number[];
  /** What the command that repeats it has to say besides scenario and seed. */
  readonly repeat: string;
  /** The folder of a round that failed. */
  readonly kept: string | null;
}

/** One round: fault, restart, calm, check. */
export async function runRound(
  scenario: Scenario,
  seed: number,
  surroundings: Surroundings,
  options: ScenarioOptions,
): Promise<RoundResult> {
  const began = performance.now();
  const world = await World.create(scenario.name, new Random(seed), surroundings);
  const expected: Expectations = {
    feeder: world.feeder,
    operator: world.operator,
    get ledgerLostAt() {
      return world.ledgerLostAt;
    },
    clockJumped: scenario.movesClock === true,
    clocksAreTrue: scenario.movesClock !== true && scenario.clocksDiffer !== true,
    several: scenario.several === true,
  };
  const problems = await play(world, scenario, expected, options).catch((error: unknown) => [describe(error)]);
  await world.destroy();
  const startWaitsMs = expected.several ? await readStartWaits(world, expected) : [];
  const result = {
    scenario: scenario.name,
    seed,
    ms: performance.now() - began,
    notes: world.notes,
    problems,
    startWaitsMs,
    repeat: world.repeat,
  };
  if (problems.length > 0) await keep(world, result);
  else await world.remove();
  return { ...result, kept: problems.length > 0 ? world.folder : null };
}

async function play(
  world: World,
  scenario: Scenario,
  expected: Expectations,
  options: ScenarioOptions,
): Promise<string[]> {
  world.feeder.goesOn = expected.several;
  await scenario.run(world, options);
  world.feeder.goesOn = false;
  await world.fedUp();
  const stillness = expected.clocksAreTrue ? await hearTick(world) : [];
  if (stillness.length > 0) return stillness;
  const left = await becomeCalm(world, expected);
  if (left.length > 0) return ['it never became calm:', ...left].slice(0, MAX_PROBLEMS);
  await pause(AFTERMATH_MS);
  const owners = expected.several ? await watchOwners(world) : [];
  const stopped = await stopAll(world);
  return [...owners, ...stopped, ...(await checkPromises(world.ledger, world.folder, expected))].slice(0, MAX_PROBLEMS);
}

/** Waits until the schedule ticks after all that has happened. Returns that it does not, when patience is over. */
async function hearTick({ ledger }: World): Promise<string[]> {
  const ticks = async (): Promise<number | undefined> => {
    const rows = await ledger.read();
    return rows?.firings.filter(({ trigger }) => trigger === 'ticking').length;
  };
  let heard: number | undefined;
  for (const deadline = performance.now() + TICK_PATIENCE_MS; ; await pause(LOOK_EVERY_MS)) {
    const now = await ticks();
    if (heard !== undefined && now !== undefined && now > heard) return [];
    heard ??= now;
    if (performance.now() > deadline) return ['the schedule stands still'];
  }
}

/** Waits until everything has ended. Returns what has not, when patience is over. */
async function becomeCalm(world: World, expected: Expectations): Promise<string[]> {
  for (const deadline = performance.now() + CALM_PATIENCE_MS; ; await pause(LOOK_EVERY_MS)) {
    await world.operator.settle();
    const rows = await world.ledger.read();
    const left = rows === null ? ['the ledger cannot be read'] : unfinished(new LedgerView(rows), expected);
    if (left.length === 0) return [];
    if (world.running.length === 0) return ['no process runs', ...left];
    if (performance.now() > deadline) return left;
  }
}

/** Waits until every trigger has one living owner, who alone polls it. Returns what is wrong when patience is over. */
async function watchOwners(world: World): Promise<string[]> {
  for (const deadline = performance.now() + OWNERS_PATIENCE_MS; ;) {
    const from = Date.now();
    await pause(WATCH_MS);
    const polls = readPolls(world.folder, from);
    const rows = await world.ledger.read();
    const wrong = rows === null ? ['the ledger cannot be read'] : checkOwners(new LedgerView(rows), polls, Date.now());
    if (wrong.length === 0 || performance.now() > deadline) return wrong;
  }
}

async function readStartWaits({ ledger, folder }: World, expected: Expectations): Promise<number[]> {
  const rows = await ledger.read();
  return rows === null ? [] : startWaits(new LedgerView(rows), readEffects(folder), expected);
}

/** A clean stop is a promise too: nobody hangs, nobody fails. */
async function stopAll(world: World): Promise<string[]> {
  await Promise.all(world.running.map((worker) => worker.end('SIGTERM')));
  return world.workers
    .filter(({ hasFailed }) => hasFailed)
    .map(({ name }) => `${name} ended with an error, see its log`);
}

async function keep(world: World, { startWaitsMs: _, ...result }: Omit<RoundResult, 'kept'>): Promise<void> {
  writeFileSync(
    join(world.folder, 'round.json'),
    JSON.stringify({ ...result, started: world.feeder.started, delivered: world.feeder.delivered }, null, 1),
  );
  await world.ledger.keepIn(world.folder).catch(() => undefined);
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
