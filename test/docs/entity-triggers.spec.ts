/** The code of docs/guides/entity-triggers.md does what the page says. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NestFactory } from '@nestjs/core';
import type { INestApplicationContext } from '@nestjs/common';
import { TriggersService } from 'nestjs-triggers';
import { DataSource } from 'typeorm';
import { until } from '../support/until.js';
import { Checkout, User } from './entity-triggers/shop.js';

describe('the guide to entity triggers', () => {
  let folder: string;
  let app: INestApplicationContext;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'entity-guide-'));
    process.env['SHOP_DATABASE'] = join(folder, 'shop.db');
    process.env['TRIGGERS_DATABASE'] = join(folder, 'triggers.db');
    const { AppModule } = await import('./entity-triggers/app.module.js');
    app = await NestFactory.createApplicationContext(AppModule, { logger: false, abortOnError: false });
  });
  afterAll(async () => {
    await app.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const users = () => app.get(DataSource).manager;
  const ran = async (trigger: string) => {
    const { items } = await app.get(TriggersService).history(trigger);
    return items.every(({ state }) => state === 'completed') ? items.length : 0;
  };

  it('welcomes a user who is inserted, and nobody who was rolled back', async () => {
    const refused = users().transaction(async (manager) => {
      await manager.insert(User, { email: 'eve@example.com' });
      throw new RangeError('no');
    });
    await expect(refused).rejects.toThrow('no');
    await users().insert(User, { email: 'ada@example.com' });
    await until(async () => (await ran('newUser')) === 1, 'Ada is welcome');
  });

  it('thanks for an upgrade, and fires with a transaction', async () => {
    const { id } = await users().save(User, { email: 'ada@example.com' });
    await users().update(User, { id }, { email: 'ada@example.org' });
    await app.get(Checkout).pay(id, 'paid');
    await users().update(User, { id }, { plan: 'gold' });
    await until(async () => (await ran('upgraded')) + (await ran('paid')) === 2, 'she is thanked for both');
  });
});
