import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** Starts a built program of an example, which puts away what it needs in `folder`. What it complains of is shown. */
export function play(
  main: string,
  args: readonly string[],
  folder: string,
  over: NodeJS.ProcessEnv = {},
): ChildProcess {
  const env = { ...process.env, TMPDIR: folder, ...over };
  const program = spawn(process.execPath, [main, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  program.stderr.pipe(process.stderr, { end: false });
  return program;
}

/** What it says until it says that. What it says later is read by nobody. */
export async function saidUntil(words: RegExp, { stdout }: ChildProcess): Promise<string> {
  let output = '';
  for await (const line of createInterface({ input: stdout! })) {
    output += `${line}\n`;
    if (words.test(line)) break;
  }
  stdout!.resume();
  return output;
}

/** What it says from here to its end. Does not wait for processes that outlive it. */
export async function saidToTheEnd(
  program: ChildProcess,
): Promise<{ readonly code: number | null; readonly output: string }> {
  let output = '';
  program.stdout!.setEncoding('utf8').on('data', (text: string) => (output += text));
  const [[code]] = (await Promise.all([once(program, 'exit'), once(program.stdout!, 'end')])) as [
    [number | null],
    unknown,
  ];
  return { code, output };
}

/** Until it has ended, and its servers, which complain where it does. */
export async function interrupt(program: ChildProcess, signal: NodeJS.Signals = 'SIGINT'): Promise<unknown> {
  const ended = once(program, 'close');
  program.kill(signal);
  return ended;
}

/** Those of the processes that it told about, at least so many, which are still there. */
export function survivors(output: string, atLeast: number): string[] {
  const told = [...output.matchAll(/\(process (\d+)\)/g)].map(([, pid = '']) => pid);
  expect(told.length).toBeGreaterThanOrEqual(atLeast);
  return told.filter((pid) => {
    try {
      return process.kill(Number(pid), 0);
    } catch {
      return false;
    }
  });
}
