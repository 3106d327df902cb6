/**
 * The built package under plain node, the way a user gets it: no test runner, no transform, and an installation
 * without the optional peers. Everything else runs from the source in CJS-transform mode (ADR 0001); this does not.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '../..');
const PACKAGE = join(ROOT, 'libs/triggers');
const MANIFEST = JSON.parse(readFileSync(join(PACKAGE, 'package.json'), 'utf8')) as {
  peerDependenciesMeta: Record<string, { optional: boolean }>;
};
const OPTIONAL_PEERS = Object.keys(MANIFEST.peerDependenciesMeta);

let installation: string;

beforeAll(() => {
  if (!existsSync(join(PACKAGE, 'dist/index.js'))) {
    throw new Error('libs/triggers/dist is missing: these tests run the built package. Run `npm run build` first.');
  }
  installation = mkdtempSync(join(tmpdir(), 'nestjs-triggers-smoke-'));
  install(installation);
});

afterAll(() => {
  if (installation !== undefined) rmSync(installation, { recursive: true, force: true });
});

it('knows which peers are optional', () => {
  expect(OPTIONAL_PEERS).toEqual(
    expect.arrayContaining(['@nestjs/schedule', '@nestjs/testing', 'better-sqlite3', 'bullmq', 'ioredis', 'pg']),
  );
  for (const peer of OPTIONAL_PEERS) expect(existsSync(join(installation, 'node_modules', peer))).toBe(false);
});

it('gives TriggersModule to an ESM import without any optional peer installed', () => {
  const source = `import * as front from 'nestjs-triggers'; console.log(typeof front.TriggersModule);`;
  expect(node('--input-type=module', source)).toBe('function');
});

it('gives TriggersModule to a CommonJS require without any optional peer installed', () => {
  const source = `const front = require('nestjs-triggers'); console.log(typeof front.TriggersModule);`;
  expect(node('--input-type=commonjs', source)).toBe('function');
});

it('gives the test kit without any optional peer installed, and without a test runner', () => {
  const source = `import { TriggersTestKit, pollOf } from 'nestjs-triggers/testing';
    const asked = await TriggersTestKit.create({}).catch(({ code, message }) => code + ': ' + message);
    console.log(pollOf({ cursor: 1 }).cursor, asked);`;
  expect(node('--input-type=module', source)).toMatch(/^1 TRG_TEST_SETUP: .*npm install --save-dev @nestjs\/testing$/);
});

it('gives the option of the BullMQ transport without its packages installed', () => {
  const source = `import { bullMq } from 'nestjs-triggers/bullmq';
    const parts = { store: { options: { type: 'postgres' } } };
    const asked = await bullMq({ connection: 'redis://localhost' }).make(parts).catch(({ code }) => code);
    console.log(typeof bullMq, asked);`;
  expect(node('--input-type=module', source)).toBe('function TRG_DEF_MISSING_DRIVER');
});

it('gives the sources of messages without their packages installed', () => {
  const source = `import { bullMqQueue } from 'nestjs-triggers/bullmq';
    import { redisStream } from 'nestjs-triggers/redis-streams';
    const connection = 'redis://localhost';
    const sources = [bullMqQueue({ queue: 'a', connection }), redisStream({ stream: 'b', group: 'c', connection })];
    for (const one of sources) console.log(one.name, await one.open().catch(({ code }) => code));`;
  expect(node('--input-type=module', source).split('\n')).toEqual([
    'BullMQ queue "a" TRG_DEF_MISSING_DRIVER',
    'Redis stream "b", group "c" TRG_DEF_MISSING_DRIVER',
  ]);
});

it('hides everything behind the front doors', () => {
  const source = `import('nestjs-triggers/dist/index.js').catch((error) => console.log(error.code));`;
  expect(node('--input-type=module', source)).toBe('ERR_PACKAGE_PATH_NOT_EXPORTED');
});

/** A node_modules with the package as files (so it looks for its peers here) and links to all but the optional peers. */
function install(folder: string): void {
  const target = join(folder, 'node_modules', 'nestjs-triggers');
  mkdirSync(target, { recursive: true });
  cpSync(join(PACKAGE, 'package.json'), join(target, 'package.json'));
  cpSync(join(PACKAGE, 'dist'), join(target, 'dist'), { recursive: true });
  for (const modules of [join(PACKAGE, 'node_modules'), join(ROOT, 'node_modules')]) {
    for (const name of packagesIn(modules)) link(join(modules, name), join(folder, 'node_modules', name));
  }
  for (const peer of OPTIONAL_PEERS) rmSync(join(folder, 'node_modules', peer), { force: true });
}

function packagesIn(modules: string): string[] {
  if (!existsSync(modules)) return [];
  const names = readdirSync(modules).filter((name) => !name.startsWith('.'));
  return names.flatMap((name) =>
    name.startsWith('@') ? readdirSync(join(modules, name)).map((child) => `${name}/${child}`) : [name],
  );
}

function link(from: string, to: string): void {
  if (existsSync(to)) return;
  mkdirSync(dirname(to), { recursive: true });
  symlinkSync(from, to);
}

function node(...[type, source]: [type: string, source: string]): string {
  const args = ['--disable-warning=ExperimentalWarning', type, '--eval', source];
  return execFileSync(process.execPath, args, { cwd: installation, encoding: 'utf8' }).trim();
}
