import { once } from 'node:events';
import { Stage } from './stage.js';

/** Something that is played once, from nothing to a verdict. */
export interface Play {
  /** Whether it goes on when the verdict is spoken, until Ctrl-C. @default false */
  readonly stays?: boolean;
  /** @returns whether everything was as it should be */
  run(): Promise<boolean>;
}

/** A program that plays something. */
export interface Program<Options> {
  /** How its complaints, and its folder, begin. */
  readonly name: string;
  /** How it is called. */
  readonly usage: string;
  /** @throws Error for what cannot be */
  readonly readOptions: (args: readonly string[]) => Options | 'help';
  /** Whatever is opened, is opened on the stage. */
  readonly play: (options: Options, stage: Stage) => Play;
}

/** Plays it as the command line says, and leaves nothing behind. The exit code is 0 when all was good, and 1 otherwise. */
export async function perform<Options>({ name, usage, readOptions, play }: Program<Options>): Promise<void> {
  const complain = (problem: unknown): void => {
    process.stderr.write(`${name}: ${problem instanceof Error ? problem.message : String(problem)}\n`);
  };
  try {
    const options = readOptions(process.argv.slice(2));
    if (options === 'help') return print(usage.trimEnd());
    const stage = new Stage(name, complain);
    process.exitCode = (await isGoodToTheEnd(play(options, stage), stage)) ? 0 : 1;
  } catch (error) {
    complain(error);
    process.exitCode = 1;
  }
}

/** Says a line. */
export function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

async function isGoodToTheEnd(play: Play, stage: Stage): Promise<boolean> {
  let isGood = false;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => void stage.close().then((isTidy) => process.exit(isGood && isTidy ? 0 : 1)));
  }
  try {
    isGood = await play.run();
    if (play.stays) await once(process, 'exit');
  } finally {
    isGood = (await stage.close()) && isGood;
  }
  return isGood;
}
