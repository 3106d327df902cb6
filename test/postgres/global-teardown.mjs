import { once } from 'node:events';

/** Closes the pipe the keeper lives by, and waits until the server has stopped and its files are gone. */
export default async function stopPostgres() {
  const keeper = globalThis.__postgresKeeper;
  if (keeper === undefined || keeper.exitCode !== null) return;
  keeper.ref();
  const stopped = once(keeper, 'exit');
  keeper.stdin.end();
  await stopped;
  delete process.env.TEST_POSTGRES_URL; // watch mode sets up again
}
