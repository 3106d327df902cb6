import { parseArgs } from 'node:util';
import { STORES, TRANSPORTS, isOneOf } from './choices.js';
import type { StoreName, TransportName } from './choices.js';

/** What the command line asks for. */
export interface BenchOptions {
  readonly store: StoreName;
  readonly transport: TransportName;
  readonly rounds: number;
  /** A fraction of the work: for trying the programs out, not for figures. */
  readonly quick: boolean;
  readonly json: boolean;
}

/** The command line cannot be understood, or asks for what cannot be done here. */
export class UsageError extends Error {}

const MIN_ROUNDS = 3;
const NOBODY_TO_TELL =
  '--transport bullmq needs --store postgres: on SQLite one process runs the engine, so there is nobody to tell.';

/** Reads the command line; no names mean all. */
export function readOptions(args: string[], known: readonly string[]): BenchOptions & { names: readonly string[] } {
  const usage = `\
Usage: npm run bench [${known.join('|')} …]
       [-- --json --rounds 3 --quick --store sqlite|postgres --transport store|bullmq]`;
  const { values, positionals } = parse(args, usage);
  const names = positionals.length === 0 ? known : positionals;
  const unknown = names.filter((name) => !known.includes(name));
  const { store, transport, quick, json } = values;
  const rounds = Number(values.rounds);
  if (unknown.length > 0) throw new UsageError(`Unknown bench ${unknown.join(', ')}.\n${usage}`);
  if (!isOneOf(STORES, store) || !isOneOf(TRANSPORTS, transport)) throw new UsageError(usage);
  if (transport === 'bullmq' && store === 'sqlite') throw new UsageError(`${NOBODY_TO_TELL}\n${usage}`);
  if (!Number.isInteger(rounds) || rounds < MIN_ROUNDS)
    throw new UsageError(`At least ${MIN_ROUNDS} rounds: a median of fewer proves nothing.\n${usage}`);
  return { names, store, transport, rounds, quick, json };
}

function parse(args: string[], usage: string) {
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: {
        json: { type: 'boolean', default: false },
        quick: { type: 'boolean', default: false },
        store: { type: 'string', default: 'sqlite' },
        transport: { type: 'string', default: 'store' },
        rounds: { type: 'string', default: String(MIN_ROUNDS) },
      },
    });
  } catch (error) {
    throw new UsageError(`${(error as Error).message}\n${usage}`);
  }
}
