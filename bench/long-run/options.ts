import { existsSync, readdirSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { STORES, isOneOf } from '../harness/choices.js';
import type { StoreName } from '../harness/choices.js';
import { UsageError } from '../harness/options.js';

/** What the command line of the long run asks for. */
export interface LongRunOptions {
  readonly minutes: number;
  readonly store: StoreName;
  /** Executions that are asked for in a second, of all kinds together. */
  readonly rate: number;
  /** Where samples, log and database go: a folder that is empty or not there yet. */
  readonly out: string | null;
  /** Judges and draws what an earlier run left in this folder, and runs nothing. */
  readonly from: string | null;
  /** The picture, elsewhere than with the samples. */
  readonly picture: string | null;
}

const USAGE = `\
Usage: npm run long-run -- [--minutes 60] [--store sqlite|postgres] [--rate 20] [--out folder] [--picture file.svg]
       npm run long-run -- --from folder [--picture file.svg]`;

/** Reads the command line. @throws UsageError */
export function readLongRunOptions(args: string[]): LongRunOptions {
  const values = parse(args);
  const [minutes, rate] = [Number(values.minutes), Number(values.rate)];
  if (!isOneOf(STORES, values.store)) throw new UsageError(USAGE);
  if (!(minutes >= 1) || !(rate > 0)) throw new UsageError(`At least one minute, and a rate above 0.\n${USAGE}`);
  const { out = null, from = null, picture = null } = values;
  if (out !== null && existsSync(out) && readdirSync(out).length > 0) throw new UsageError(`"${out}" is not empty.`);
  return { minutes, rate, store: values.store, out, from, picture };
}

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        minutes: { type: 'string', default: '60' },
        store: { type: 'string', default: 'sqlite' },
        rate: { type: 'string', default: '20' },
        out: { type: 'string' },
        from: { type: 'string' },
        picture: { type: 'string' },
      },
    }).values;
  } catch (error) {
    throw new UsageError(`${(error as Error).message}\n${USAGE}`);
  }
}
