import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const KEEPER = resolve(import.meta.dirname, '../../scripts/postgres-keeper.mjs');

it('leaves nothing behind when whoever started it dies before the server serves', async () => {
  const temporary = mkdtempSync(join(tmpdir(), 'keeper-'));
  chmodSync(temporary, 0o755); // as root, Postgres runs as another user, who must be able to enter
  const keeper = spawn(process.execPath, [KEEPER], { env: { ...process.env, TMPDIR: temporary } });
  let errors = '';
  keeper.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  // What the system does with the pipes of a process that was killed.
  keeper.stdout.destroy();
  keeper.stdin.destroy();

  expect([await once(keeper, 'exit'), errors, readdirSync(temporary)]).toEqual([[0, null], '', []]);
  rmSync(temporary, { recursive: true });
}, 60_000);
