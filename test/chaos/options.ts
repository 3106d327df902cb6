import { parseArgs } from 'node:util';
import { STORES, TRANSPORTS, isOneOf } from '../../bench/harness/choices.js';
import type { StoreName, TransportName } from '../../bench/harness/choices.js';
import { SCENARIOS, TURNS } from './scenarios/scenarios.js';
import type { Scenario, ScenarioOptions } from './scenarios/scenario.js';

/** What the command line asks for. */
export interface ChaosOptions extends ScenarioOptions {
  readonly rounds: number;
  readonly store: StoreName;
  /** Processes on one ledger at the same time; with one, scenarios start what they need. */
  readonly nodes: number;
  /** How nodes hear of ready tasks. */
  readonly transport: TransportName;
  /** In the order of their rounds, again and again. */
  readonly scenarios: readonly Scenario[];
  readonly seed: number;
  readonly json: boolean;
}

/** The command line cannot be understood. */
export class UsageError extends Error {}

const NAMES = SCENARIOS.map(({ name }) => name);
const USAGE = `Usage: npm run chaos -- [--rounds 20] [--store sqlite|postgres] [--scenario ${NAMES.join('|')}] [--seed 1] [--json]
       [--nodes 2|3|4 [--transport store|bullmq]], with --store postgres
       [--point <crash point> --nth 1], with --scenario crash-point`;
const MAX_SEED = 1_000_000_000;
const MAX_NODES = 4;

/** Reads the command line. */
export function readOptions(args: string[]): ChaosOptions {
  const values = parse(args);
  const { store, transport, scenario, point, json } = values;
  if (!isOneOf(STORES, store) || !isOneOf(TRANSPORTS, transport)) throw new UsageError(USAGE);
  const nodes = wholeNumber(values.nodes, 1);
  if (nodes > MAX_NODES || (nodes > 1 && store !== 'postgres')) throw new UsageError(USAGE);
  if (transport !== 'store' && nodes === 1) throw new UsageError(USAGE);
  const scenarios = plan({ store, nodes, transport }, scenario);
  return {
    rounds: wholeNumber(values.rounds, 1),
    store,
    nodes,
    transport,
    scenarios,
    seed: values.seed === undefined ? Math.floor(Math.random() * MAX_SEED) : wholeNumber(values.seed, 0),
    json,
    ...(point !== undefined && {
      point: point as NonNullable<ScenarioOptions['point']>,
      nth: wholeNumber(values.nth, 1),
    }),
  };
}

/** One scenario, or all in turns. */
function plan(
  { store, nodes, transport }: Pick<ChaosOptions, 'store' | 'nodes' | 'transport'>,
  name: string | undefined,
): readonly Scenario[] {
  const possible = SCENARIOS.filter(
    ({ stores, several, needs }) =>
      stores.includes(store) && (several === true) === nodes > 1 && (needs ?? transport) === transport,
  );
  if (name === undefined) return TURNS.filter((scenario) => possible.includes(scenario));
  const asked = possible.filter((scenario) => scenario.name === name);
  if (asked.length === 0)
    throw new UsageError(
      `Unknown scenario ${name} with ${nodes} nodes on ${store}. Known: ${possible.map((known) => known.name).join(', ')}.\n${USAGE}`,
    );
  return asked;
}

function wholeNumber(text: string, least: number): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < least)
    throw new UsageError(`"${text}" is no whole number from ${least} on.\n${USAGE}`);
  return number;
}

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        rounds: { type: 'string', default: '20' },
        store: { type: 'string', default: 'sqlite' },
        nodes: { type: 'string', default: '1' },
        transport: { type: 'string', default: 'store' },
        scenario: { type: 'string' },
        seed: { type: 'string' },
        point: { type: 'string' },
        nth: { type: 'string', default: '1' },
        json: { type: 'boolean', default: false },
      },
    }).values;
  } catch (error) {
    throw new UsageError(`${(error as Error).message}\n${USAGE}`);
  }
}
