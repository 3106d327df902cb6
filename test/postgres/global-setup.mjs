import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

const START_TIMEOUT_MS = 60_000;

/**
 * Starts one real Postgres for the whole test run and tells every suite where it is: `process.env.TEST_POSTGRES_URL`.
 * A URL that is already set is used as it is, and nothing is started.
 *
 * The server is kept by a process of its own (scripts/postgres-keeper.mjs) that lives as long as the pipe to us: whatever ends this
 * run (the teardown, Ctrl-C, a crash, kill -9), the pipe closes, the server stops and its files are deleted.
 */
export default async function startPostgres() {
  if (process.env.TEST_POSTGRES_URL) return;
  const keeper = spawn(process.execPath, [new URL('../../scripts/postgres-keeper.mjs', import.meta.url).pathname], {
    stdio: ['pipe', 'pipe', 'inherit'],
    detached: true,
  });
  keeper.stdin.on('error', () => undefined);
  const timer = setTimeout(() => keeper.kill('SIGTERM'), START_TIMEOUT_MS);
  const lines = createInterface({ input: keeper.stdout });
  const [url] = await Promise.race([once(lines, 'line'), once(keeper, 'exit').then(() => [undefined])]);
  clearTimeout(timer);
  if (typeof url !== 'string') {
    throw new Error(
      'The Postgres for the tests did not start (its reason is printed above). ' +
        'Run `npm ci` again if its binaries are missing, or set TEST_POSTGRES_URL to a Postgres ' +
        'where the tests may create databases, e.g. postgres://postgres:secret@127.0.0.1:5432/postgres',
    );
  }
  process.env.TEST_POSTGRES_URL = url;
  keeper.unref();
  globalThis.__postgresKeeper = keeper;
}
