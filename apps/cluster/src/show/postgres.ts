import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** Keeps a throw-away Postgres for as long as its stdin is open; seen from `apps/cluster/dist/show`. */
const KEEPER = fileURLToPath(new URL('../../../../scripts/postgres-keeper.mjs', import.meta.url));

/** A Postgres that is gone when it is closed. */
export interface ShowPostgres {
  /** Rejects when there is none. */
  readonly url: Promise<string>;
  close(): Promise<unknown>;
}

/** A database on a server of our own, whose files are deleted with it. It may be closed while it starts. */
export function startPostgres(): ShowPostgres {
  const keeper = spawn(process.execPath, [KEEPER], { stdio: ['pipe', 'pipe', 'inherit'], detached: true });
  const ended = once(keeper, 'exit');
  const lines = createInterface({ input: keeper.stdout });
  const url = Promise.race([once(lines, 'line'), ended.then(() => [])]).then(([line]: unknown[]) => {
    if (typeof line === 'string') return line;
    throw new Error('Postgres did not start; its reason is printed above.');
  });
  const close = (): Promise<unknown> => {
    keeper.stdin.end();
    return ended;
  };
  return { url, close };
}
