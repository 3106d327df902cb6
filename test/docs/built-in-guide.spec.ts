// The code of docs/guides/built-in-triggers.md, run.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Global, Module } from '@nestjs/common';
import type { Provider, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Task, Workflow, healthTrigger, httpTrigger } from 'nestjs-triggers';
import type { HealthTriggerOptions, HttpTriggerOptions, TaskContext, TriggerValue } from 'nestjs-triggers';
import { TriggersTestKit } from 'nestjs-triggers/testing';
import { DataSource } from 'typeorm';
import { TestServer } from '../../libs/triggers/src/sources/builtin/http/test-server.contract.js';
import { boot, cleanUp } from '../support/app.js';
import type { TestApp } from '../support/app.js';
import {
  CallSomebody,
  MailQueue,
  Order,
  mailQueue,
  orders,
  releases,
  reports,
  sale,
  shopHealth,
} from './built-in-guide/all.triggers.js';
import {
  Archive,
  InvoicesModule,
  NightInvoices,
  SendInvoice,
  Settings,
  archive,
  offices,
} from './built-in-guide/invoices.js';

const told: [workflow: string, context: object][] = [];

/** A workflow of that name which tells what it was started with. */
function telling(name: string): Type {
  @Workflow({ name })
  class Telling {
    @Task()
    tell({ data }: TaskContext): void {
      told.push([name, data]);
    }
  }
  return Telling;
}

const provide = (trigger: TriggerValue): Provider => ({ provide: trigger.name, useValue: trigger });
const tell = async (app: TestApp, trigger: string): Promise<unknown[]> => {
  await app.kit.poll(trigger);
  await app.kit.drain({ limit: '10s' });
  return told.splice(0).map(([, context]) => context);
};

let home: string;
let before: string;
let server: TestServer;
beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'built-in-guide-'));
  before = process.cwd();
  process.chdir(home);
  server = await TestServer.start();
  told.length = 0;
});
afterEach(async () => {
  await cleanUp();
  process.chdir(before);
  await server.stop();
  rmSync(home, { recursive: true, force: true });
  jest.restoreAllMocks();
});

it('sends an invoice for each file that is dropped', async () => {
  mkdirSync('invoices');
  const nest = await NestFactory.create(InvoicesModule, { logger: false });
  const kit = TriggersTestKit.of(nest);
  await nest.init();
  writeFileSync('invoices/one.pdf', 'pdf');
  writeFileSync('invoices/one.txt', 'txt');
  await kit.poll('invoices');
  jest.spyOn(Date, 'now').mockReturnValue(Date.now() + 2_000);
  await kit.poll('invoices');
  jest.restoreAllMocks();
  await kit.drain({ limit: '10s' });
  const { items } = await kit.triggers.history('invoices');
  expect(await kit.result(items[0]?.id)).toMatchObject({
    result: { sent: join(process.cwd(), 'invoices', 'one.pdf') },
  });
  expect(items).toHaveLength(1);
  await kit.close();
});

describe('files', () => {
  it('are mapped, injected, added at run time and asked for in a method', async () => {
    for (const folder of ['done', 'north', 'south', 'invoices', 'tenant']) {
      mkdirSync(folder);
      writeFileSync(`${folder}/${folder}.pdf`, '');
    }
    const providers = [SendInvoice, Archive, Settings, provide(archive), offices, NightInvoices];
    const app = await boot({ database: 'sqlite', providers });
    await app.nest.get(NightInvoices).addTenant('acme', './tenant');
    const names = ['archive', 'invoices_north', 'invoices_south', 'tenant_acme', 'night_invoices'];
    const later = Date.now() + 120_000;
    jest.spyOn(Date, 'now').mockReturnValue(later);
    for (const name of names) await app.kit.poll(name);
    await app.kit.drain({ limit: '10s' });
    const { items } = await app.get('/executions');
    const contexts = (items as { trigger: string; context: object }[]).map(({ trigger, context }) => [
      trigger,
      context,
    ]);
    expect(new Map(contexts as [string, object][])).toEqual(
      new Map<string, object>([
        ['archive', { filename: 'done.pdf' }],
        ['invoices_north', expect.objectContaining({ name: 'north.pdf' })],
        ['invoices_south', expect.objectContaining({ name: 'south.pdf' })],
        ['tenant_acme', expect.objectContaining({ name: 'tenant.pdf' })],
        ['night_invoices', expect.objectContaining({ name: 'invoices.pdf' })],
      ]),
    );
  });

  it('are found in folders of the folder', async () => {
    mkdirSync('reports/may', { recursive: true });
    for (const name of ['may/a.csv', 'b.xml', 'c.txt']) writeFileSync(`reports/${name}`, '');
    const app = await boot({ database: 'sqlite', providers: [telling('read_report'), provide(reports)] });
    jest.spyOn(Date, 'now').mockReturnValue(Date.now() + 120_000);
    const found = (await tell(app, 'reports')) as { name: string }[];
    expect(found.map(({ name }) => name).sort()).toEqual(['b.xml', 'may/a.csv']);
  });
});

/** The trigger of the guide, at a server of this test. */
const here = (trigger: TriggerValue): TriggerValue =>
  httpTrigger({ ...(trigger as unknown as HttpTriggerOptions), url: server.url(), privateNetwork: true });

it('announces releases, each once, and a sale, once a day', async () => {
  const providers = [telling('announce'), telling('announce_sale'), provide(here(releases)), provide(here(sale))];
  const app = await boot({ database: 'sqlite', providers });
  server.always(200, { data: { releases: [{ id: 1 }, { id: 2 }] }, sale: false }, { etag: '"1"' });
  expect(await tell(app, 'releases')).toEqual([{ id: 1 }, { id: 2 }]);
  expect(server.requests[0]?.headers.authorization).toMatch(/^Bearer /);
  expect(await tell(app, 'sale')).toEqual([]);
  server.always(200, { data: { releases: [{ id: 2 }, { id: 3 }] }, sale: true });
  expect(await tell(app, 'releases')).toEqual([{ id: 3 }]);
  expect(await tell(app, 'sale')).toEqual([{ sale: 'has begun' }]);
  server.always(200, { data: { releases: [] }, sale: true });
  expect(await tell(app, 'sale')).toEqual([]);
});

it('checks orders that are new or have changed', async () => {
  const dataSource = new DataSource({
    type: 'better-sqlite3',
    database: ':memory:',
    entities: [Order],
    synchronize: true,
  });
  await dataSource.initialize();
  @Global()
  @Module({ providers: [{ provide: DataSource, useValue: dataSource }], exports: [DataSource] })
  class DatabaseModule {}
  const app = await boot({
    database: 'sqlite',
    imports: [DatabaseModule],
    providers: [telling('check_order'), orders],
  });
  const repository = dataSource.getRepository(Order);
  await repository.save({ total: 1 });
  expect(await tell(app, 'orders')).toEqual([]);
  await repository.query(`INSERT INTO "order" (total, updatedAt) VALUES (2, '2999-01-01 00:00:00')`);
  expect(await tell(app, 'orders')).toEqual([{ orderId: 2 }]);
  await repository.query(`UPDATE "order" SET updatedAt = '2999-01-01 00:00:01' WHERE id = 1`);
  expect(await tell(app, 'orders')).toEqual([{ orderId: 1 }]);
  expect(await tell(app, 'orders')).toEqual([]);
  await dataSource.destroy();
});

it('adds workers once until the queue was short', async () => {
  let waiting = 0;
  const queue = { provide: MailQueue, useValue: { getWaitingCount: async () => waiting } };
  const app = await boot({ database: 'sqlite', providers: [telling('add_workers'), queue, mailQueue] });
  const fired: unknown[] = [];
  for (waiting of [999, 1_500, 2_000, 100, 1_000, 99, 1_000]) fired.push(...(await tell(app, 'mail_queue')));
  expect(fired).toEqual([
    { state: 'above', depth: 1_500, threshold: 1_000 },
    { state: 'above', depth: 1_000, threshold: 1_000 },
  ]);
});

it('calls somebody when the shop is down, and when it is up again', async () => {
  const options = shopHealth as unknown as HealthTriggerOptions;
  const useValue = healthTrigger({ ...options, url: server.url(), privateNetwork: true });
  const app = await boot({ database: 'sqlite', providers: [CallSomebody, { provide: 'shop_health', useValue }] });
  for (const status of [200, 500, 500, 500, 500, 204]) {
    server.always(status);
    await app.kit.poll('shop_health');
  }
  await app.kit.drain({ limit: '10s' });
  const said = (await app.ended(2)).map(({ context }) => (context as { text: string }).text);
  expect(said.sort()).toEqual([
    `The shop is down: ${new URL(server.url()).origin} answered 500.`,
    expect.stringMatching(/^Up again after \d+ ms$/),
  ]);
});
