import { parseArgs } from 'node:util';

/** Where our ledger lives while it is measured. */
export type StoreName = 'sqlite' | 'postgres';

/** What the command line asks for. */
export interface BenchOptions {
  readonly store: StoreName;
  readonly rounds: number;
  /** A fraction of the work: for trying the programs out, not for figures. */
  readonly quick: boolean;
  readonly json: boolean;
}

/** The command line cannot be understood. */
export class UsageError extends Error {}

const MIN_ROUNDS = 3;

/** Reads the command line; no names mean all. */
export function readOptions(args: string[], known: readonly string[]): BenchOptions & { names: readonly string[] } {
  const usage = `Usage: npm run bench [${known.join('|')} …] [-- --json --store sqlite|postgres --rounds 3 --quick]`;
  const { values, positionals } = parse(args, usage);
  const names = positionals.length === 0 ? known : positionals;
  const unknown = names.filter((name) => !known.includes(name));
  const rounds = Number(values.rounds);
  if (unknown.length > 0) throw new UsageError(`Unknown bench ${unknown.join(', ')}.\n${usage}`);
  if (values.store !== 'sqlite' && values.store !== 'postgres') throw new UsageError(usage);
  if (!Number.isInteger(rounds) || rounds < MIN_ROUNDS)
    throw new UsageError(`At least ${MIN_ROUNDS} rounds: a median of fewer proves nothing.\n${usage}`);
  return { names, store: values.store, rounds, quick: values.quick, json: values.json };
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
        rounds: { type: 'string', default: String(MIN_ROUNDS) },
      },
    });
  } catch (error) {
    throw new UsageError(`${(error as Error).message}\n${usage}`);
  }
}
