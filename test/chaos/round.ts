import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { unfinished } from './check/calm.js';
import type { Expectations } from './check/expectations.js';
import { LedgerView } from './check/ledger-view.js';
import { checkPromises } from './check/promises.js';
import { Random } from './random.js';
import type { Scenario, ScenarioOptions } from './scenarios/scenario.js';
import type { LedgerServer } from './stores/ledger.js';
import { pause } from './pause.js';
import { World } from './world/world.js';

const CALM_PATIENCE_MS = 45_000;
const LOOK_EVERY_MS = 50;
/** In which every poll has its turn again: what it would fire a second time is there after it. */
const AFTERMATH_MS = 150;
const MAX_PROBLEMS = 20;

/** What one round found. */
export interface RoundResult {
  readonly scenario: string;
  readonly seed: number;
  readonly ms: number;
  readonly notes: readonly string[];
  readonly problems: readonly string[];
  /** What the command that repeats it has to say besides scenario and seed. */
  readonly repeat: string;
  /** The folder of a round that failed. */
  readonly kept: string | null;
}

/** One round: fault, restart, calm, check. */
export async function runRound(
  scenario: Scenario,
  seed: number,
  server: LedgerServer,
  options: ScenarioOptions,
): Promise<RoundResult> {
  const began = performance.now();
  const world = await World.create(scenario.name, new Random(seed), server);
  const expected: Expectations = {
    feeder: world.feeder,
    operator: world.operator,
    get ledgerLostAt() {
      return world.ledgerLostAt;
    },
    clockJumped: scenario.movesClock === true,
  };
  const problems = await play(world, scenario, expected, options).catch((error: unknown) => [describe(error)]);
  await world.destroy();
  const result = {
    scenario: scenario.name,
    seed,
    ms: performance.now() - began,
    notes: world.notes,
    problems,
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
  await scenario.run(world, options);
  await world.fedUp();
  const left = await becomeCalm(world, expected);
  if (left.length > 0) return ['it never became calm:', ...left].slice(0, MAX_PROBLEMS);
  await pause(AFTERMATH_MS);
  const stopped = await stopAll(world);
  return [...stopped, ...(await checkPromises(world.ledger, world.folder, expected))].slice(0, MAX_PROBLEMS);
}

/** Waits until everything has ended. Returns what has not, when patience is over. */
async function becomeCalm(world: World, expected: Expectations): Promise<string[]> {
  for (const deadline = performance.now() + CALM_PATIENCE_MS; ; await pause(LOOK_EVERY_MS)) {
    await world.operator.resumeAll();
    const rows = await world.ledger.read();
    const left = rows === null ? ['the ledger cannot be read'] : unfinished(new LedgerView(rows), expected);
    if (left.length === 0) return [];
    if (world.running.length === 0) return ['no process runs', ...left];
    if (performance.now() > deadline) return left;
  }
}

/** A clean stop is a promise too: nobody hangs, nobody fails. */
async function stopAll(world: World): Promise<string[]> {
  await Promise.all(world.running.map((worker) => worker.end('SIGTERM')));
  return world.workers
    .filter(({ hasFailed }) => hasFailed)
    .map(({ name }) => `${name} ended with an error, see its log`);
}

async function keep(world: World, result: Omit<RoundResult, 'kept'>): Promise<void> {
  writeFileSync(
    join(world.folder, 'round.json'),
    JSON.stringify({ ...result, started: world.feeder.started }, null, 1),
  );
  await world.ledger.keepIn(world.folder).catch(() => undefined);
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
