/**
 * The quick start of the README, run: the file that it quotes, on the default database, in a folder of its own; then the
 * calls of the admin API that the README shows.
 */
import { createHmac } from 'node:crypto';
import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Logger } from '@nestjs/common';
import type { INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { TriggersTestKit } from 'nestjs-triggers/testing';
import { read, sourcesIn } from './markdown.js';
import { AppModule } from './quick-start/app.module.js';
import { MoreTriggers } from './quick-start/more-triggers.js';

const home = process.cwd();
const token = 'a-token-for-this-test';
const secret = 'a-secret-for-this-test';
let folder: string;
let kit: TriggersTestKit<INestApplication>;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'quick-start-'));
  mkdirSync(join(folder, 'inbox'));
  writeFileSync(join(folder, 'inbox/orders.csv'), 'a;b');
  // The quick start uses paths as its reader would: ./inbox and ./triggers.db.
  process.chdir(folder);
  process.env['TRIGGERS_ADMIN_TOKEN'] = token;
  process.env['UPLOADS_SECRET'] = secret;
  Logger.overrideLogger(false);
  kit = await TriggersTestKit.from(Test.createTestingModule({ imports: [AppModule], providers: [MoreTriggers] }), {
    clock: false,
    database: false,
    application: (module) => module.createNestApplication(),
  });
  await kit.app.listen(0, '127.0.0.1');
});

afterAll(async () => {
  await kit.close();
  process.chdir(home);
  delete process.env['TRIGGERS_ADMIN_TOKEN'];
  delete process.env['UPLOADS_SECRET'];
  rmSync(folder, { recursive: true, force: true });
});

it('turns a file into one completed execution, and the same file into nothing more', async () => {
  await kit.events.next('execution.completed');

  const again = await kit.poll('inbox');
  const { items } = await kit.triggers.history('inbox');

  expect(again).toMatchObject({ status: 'duplicate', outcomes: [{ status: 'duplicate', dedupKey: 'orders.csv' }] });
  expect(items).toMatchObject([
    { workflow: 'file_processor', state: 'completed', context: { filename: 'orders.csv' } },
  ]);
});

it('starts the same workflow by a webhook, once however often it is sent', async () => {
  const body = JSON.stringify({ filename: 'sent.csv' });
  const headers = {
    'content-type': 'application/json',
    'x-signature': createHmac('sha256', secret).update(body).digest('hex'),
  };
  const send = async () => {
    const response = await fetch(`${await kit.app.getUrl()}/webhooks/uploads`, { method: 'POST', headers, body });
    return (await response.json()) as { status: string; executionIds: string[] };
  };
  const accepted = await send();
  expect(accepted.status).toBe('accepted');
  expect(await send()).toMatchObject({ status: 'duplicate', executionIds: accepted.executionIds });
  expect(await kit.result(accepted.executionIds[0])).toMatchObject({
    workflow: 'file_processor',
    state: 'completed',
    input: { filename: 'sent.csv' },
  });
});

it('starts it every morning at nine in Berlin', async () => {
  const { nextFireTimes } = await kit.triggers.get('everyMorning');
  const hours = nextFireTimes?.map((at) => new Date(at).toLocaleTimeString('de', { timeZone: 'Europe/Berlin' }));
  expect(new Set(hours)).toEqual(new Set(['09:00:00']));
});

/** `admin localhost:3000/admin/triggers/inbox -X PATCH -d '{…}'`, as the README writes it. */
const CALL = /^admin '?localhost:3000([^\s']+)'?(?: -X (\w+))?(?: -d '(.+?)')?(?: +#.*)?$/gm;
const calls = [...read('README.md').matchAll(CALL)].map(([, path = '', method, body]) => ({
  path,
  method: method ?? (body ? 'POST' : 'GET'),
  body,
}));

it('shows five calls of the admin API', () => {
  expect(calls).toHaveLength(5);
});

it.each(calls)('answers $method $path of the README', async ({ path, method, body }) => {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const response = await fetch(`${await kit.app.getUrl()}${path}`, { method, headers, ...(body && { body }) });
  expect([200, 202]).toContain(response.status);
});

it('shows lines that the demo prints', () => {
  const demo = sourcesIn('apps/demo/src').join('\n');
  const words = [...read('README.md').matchAll(/^\d\d:\d\d:\d\d {2}[→✓] (\w+) +(\S+)/gm)].flatMap(
    ([, what = '', whom = '']) => [what, whom],
  );
  expect(words.length).toBeGreaterThan(0);
  expect(words.filter((word) => !demo.includes(`'${word}'`))).toEqual([]);
});
