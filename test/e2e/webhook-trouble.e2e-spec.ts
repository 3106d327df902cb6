import { Injectable, UseGuards } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Module } from '@nestjs/common';
import {
  TriggerResult,
  TriggersModule,
  WebhookTrigger,
  custom,
  hmac,
  isTriggersError,
  unsigned,
} from 'nestjs-triggers';
import type { PostgresDatabaseOptions, TriggersError } from 'nestjs-triggers';
import { Client } from 'pg';
import { TestClock } from 'nestjs-triggers/testing';
import { z } from 'zod';
import { PLATFORMS, boot, cleanUp, logged } from '../support/app.js';
import type { TestApp } from '../support/app.js';
import { DIALECTS, newDatabase } from '../support/database.js';
import { Proxy } from '../support/proxy.js';
import { until } from '../support/until.js';
import { SECRET, SIGNATURE, deliver } from '../support/webhooks.js';
import { Work } from '../support/work.js';

const verify = hmac({ header: SIGNATURE, secret: SECRET });

@Injectable()
class Webhooks {
  @WebhookTrigger({ workflow: 'work', path: 'patient', verify })
  patient(): void {}

  @WebhookTrigger({ workflow: 'work', path: 'limited', verify, rateLimit: { limit: 1, per: '5s' } })
  limited(): void {}

  @WebhookTrigger({
    workflow: 'work',
    path: 'secret/:hookToken/:kind',
    verify: custom(({ params }) => params['hookToken'] === 'tok-zzz', { covers: 'request' }),
    schema: z.object({ n: z.number() }),
  })
  secret(): void {}

  @WebhookTrigger({ workflow: 'work', path: 'broken', verify })
  broken(): void {
    throw new Error('broken');
  }

  @WebhookTrigger({ workflow: 'work', path: 'several', verify })
  several() {
    return TriggerResult.fireMany([{ context: { i: 0 } }, { context: { i: 1 } }]);
  }

  @WebhookTrigger({ workflow: 'work', path: 'strict', verify, enabled: false, whenDisabled: 'reject' })
  strict(): void {}
}

/** Another connection, in whose transaction nobody else writes firings. */
async function locking({ url, schema }: PostgresDatabaseOptions): Promise<Client> {
  const client = new Client({ connectionString: url });
  await client.connect();
  await client.query('BEGIN');
  await client.query(`LOCK TABLE ${schema ?? 'public'}.triggers_firing IN SHARE MODE`);
  return client;
}

const providers = [Work, Webhooks];
const rowsOf = async (app: TestApp, trigger: string) => (await app.get(`/${trigger}/firings`)).items;

describe.each(DIALECTS)('a webhook in trouble, on %s', (database) => {
  afterEach(cleanUp);

  it('that is disabled holds its deliveries, and fires them when it is enabled', async () => {
    const app = await boot({ database, providers });
    await app.triggers.setEnabled('patient', false);
    const held = await deliver(app, 'patient', { n: 1 });
    expect(held).toMatchObject({ status: 202, body: { status: 'kept', firingId: expect.any(String) } });
    expect((await deliver(app, 'patient', { n: 1 })).body).toMatchObject({
      status: 'duplicate',
      firingId: held.body.firingId,
      state: 'held',
    });
    expect((await deliver(app, 'patient', { n: 2 })).status).toBe(202);
    expect((await app.get('/executions')).items).toEqual([]);
    await app.triggers.setEnabled('patient', true);
    const executions = await app.ended(2);
    expect(executions.map(({ context }) => context)).toEqual(expect.arrayContaining([{ n: 1 }, { n: 2 }]));
  });

  it('that is disabled holds all items of a delivery, and says so', async () => {
    const app = await boot({ database, providers });
    await app.triggers.setEnabled('several', false);
    const held = await deliver(app, 'several', { n: 1 });
    expect(held).toMatchObject({
      status: 202,
      body: { status: 'kept', firings: [{ status: 'kept' }, { status: 'kept' }] },
    });
    await app.triggers.setEnabled('several', true);
    expect(await app.ended(2)).toHaveLength(2);
  });

  it('that is disabled and keeps nothing says so, and the sender tries again', async () => {
    const app = await boot({ database, providers });
    const refused = await deliver(app, 'strict', { n: 1 });
    expect(refused).toMatchObject({ status: 503, body: { code: 'TRG_WEBHOOK_UNAVAILABLE' } });
    expect(refused.body.message).toContain('disabled');
    expect(refused.headers.get('retry-after')).toBe('2');
    expect(await rowsOf(app, 'strict')).toEqual([]);
    await app.triggers.setEnabled('strict', true);
    expect((await deliver(app, 'strict', { n: 1 })).body.status).toBe('accepted');
  });

  // Review 3
  it('that was limited is accepted when its sender comes again after the time that it was told', async () => {
    const clock = new TestClock();
    const app = await boot({ database, providers, clock });
    expect((await deliver(app, 'limited', { n: 1 })).body.status).toBe('accepted');
    const limited = await deliver(app, 'limited', { n: 2 });
    expect(limited.status).toBe(429);
    await clock.advance(Number(limited.headers.get('retry-after')) * 1_000);
    const accepted = await deliver(app, 'limited', { n: 2 });
    expect(accepted).toMatchObject({ status: 200, body: { status: 'accepted' } });
    expect((await deliver(app, 'limited', { n: 2 })).body).toMatchObject({
      status: 'duplicate',
      firingId: accepted.body.firingId,
    });
    expect((await rowsOf(app, 'limited')).map(({ state }: { state: string }) => state)).toEqual([
      'accepted',
      'limited',
      'accepted',
    ]);
  });

  it('keeps a record of forged deliveries, never their bodies, and ten rows a minute', async () => {
    const clock = new TestClock();
    const app = await boot({ database, providers, clock });
    const forge = (n: number, headers = {}) =>
      deliver(
        app,
        'patient?token=tok-zzz&page=2',
        { n, card: '4711' },
        { [SIGNATURE]: 'sig-zzz', authorization: 'Bearer s3cret', ...headers },
      );
    for (let n = 0; n < 15; n += 1)
      expect((await forge(n)).body.message).toBe('The sender of this delivery is not known.');
    await until(async () => (await rowsOf(app, 'patient')).length === 10, 'ten rows');
    await clock.advance(60_000);
    await forge(15);
    const rows = await until(async () => {
      const items = await rowsOf(app, 'patient');
      return items.length === 11 && items;
    }, 'one row more');
    expect(rows[0]).toMatchObject({ state: 'rejected', reason: expect.stringMatching(/^not verified: /) });
    const stored = await app.database.query('SELECT payload, origin, context FROM triggers_firing');
    expect(JSON.stringify(stored)).not.toMatch(/card|s3cret|sig-zzz|tok-zzz/);
    const origins = stored.map(({ origin }) => JSON.parse(String(origin)) as Record<string, unknown>);
    expect(origins).toContainEqual({
      address: expect.stringContaining('127.0.0.1'),
      size: expect.any(Number),
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      params: {},
      query: { token: '[7 characters]', page: '2' },
      headers: expect.objectContaining({ [SIGNATURE]: '[7 characters]', authorization: '[13 characters]' }),
      refusedBefore: 5,
    });
  });

  it('keeps no secret of a path, a query or a header, and knows two of them apart', async () => {
    const app = await boot({ database, providers });
    const headers = { 'x-functions-key': 'key-zzz', 'x-jwt-assertion': 'jwt-zzz' };
    const send = (kind: string, body: object) => deliver(app, `secret/tok-zzz/${kind}?code=code-zzz`, body, headers);
    expect((await send('one', { n: 1 })).body.status).toBe('accepted');
    expect((await send('one', { n: 1 })).body.status).toBe('duplicate');
    expect((await send('two', { n: 1 })).body.status).toBe('accepted');
    expect((await send('one', { n: 'x' })).body.status).toBe('kept');
    const tables = ['triggers_firing', 'triggers_dedup', 'triggers_execution'];
    const stored = await Promise.all(tables.map((table) => app.database.query(`SELECT * FROM ${table}`)));
    expect(JSON.stringify(stored)).not.toMatch(/(tok|key|jwt|code)-zzz/);
    const origins = stored[0]?.map(({ origin }) => JSON.parse(String(origin)) as Record<string, unknown> | null);
    expect(origins).toContainEqual(
      expect.objectContaining({
        params: { hookToken: '[7 characters]', kind: 'one' },
        query: { code: '[8 characters]' },
      }),
    );
  });

  it('logs no secret of a path where the application fails on a delivery', async () => {
    const failing = { canActivate: () => Promise.reject(new Error('the session store is away')) };
    const app = await boot({ database, providers, webhooks: { decorators: [UseGuards(failing)] } });
    expect((await deliver(app, 'secret/tok-zzz/one?code=code-zzz', { n: 1 })).status).toBe(500);
    expect((await deliver(app, 'secrte/tok-zzz/one', { n: 1 })).status).toBe(500);
    const failures = logged.filter((line) => line.includes('the session store is away'));
    expect(failures).toEqual([
      expect.stringMatching(/^POST \/webhooks\/secret\/:hookToken\/:kind \[\S+\] failed: /),
      expect.stringMatching(/^POST \/webhooks\/… \[\S+\] failed: /),
    ]);
    expect(logged.join('\n')).not.toMatch(/(tok|code)-zzz/);
  });

  it('of a sender who mends it is one execution: the dead letter is closed', async () => {
    let isStrict = true;
    @Injectable()
    class Mended {
      @WebhookTrigger({
        workflow: 'work',
        path: 'mended',
        verify,
        onInvalid: 'reject',
        dedupKey: ({ id }: { id: string }) => id,
      })
      mended() {
        if (isStrict) throw new Error('not today');
        return {};
      }
    }
    const app = await boot({ database, providers: [Work, Mended] });
    expect(await deliver(app, 'mended', { id: 'e1' })).toMatchObject({ status: 503 });
    expect(await deliver(app, 'mended', { id: 'e1' })).toMatchObject({ status: 503 });
    const [letter, ...others] = await until(async () => {
      const rows = await rowsOf(app, 'mended');
      return rows[0]?.duplicates === 1 && rows;
    }, 'the repeat is counted');
    expect(letter).toMatchObject({ state: 'rejected', reason: 'the method threw: not today' });
    expect(others).toEqual([]);
    isStrict = false;
    expect((await deliver(app, 'mended', { id: 'e1' })).body.status).toBe('accepted');
    expect((await app.ended(1)).length).toBe(1);
  });
});

describe('a webhook whose database is away', () => {
  afterEach(cleanUp);

  it.each(PLATFORMS)(
    'is told to come again within two seconds and a bit, and then is accepted once, on %s',
    async (platform) => {
      const database = await newDatabase('postgres');
      const proxy = await Proxy.to((database.options as PostgresDatabaseOptions).url);
      const options = { ...database.options, url: proxy.url } as PostgresDatabaseOptions;
      const app = await boot({ database: { ...database, options }, platform, providers });
      proxy.stall();
      const refused = await deliver(app, 'patient', { n: 1 });
      expect(refused).toMatchObject({ status: 503, body: { code: 'TRG_STORE_UNAVAILABLE' } });
      expect(refused.headers.get('retry-after')).toBe('2');
      proxy.goOn();
      const answer = await until(async () => {
        const again = await deliver(app, 'patient', { n: 1 });
        return again.status === 200 && again;
      }, 'the database is back');
      expect(['accepted', 'duplicate']).toContain(answer.body.status);
      expect(await app.ended(1)).toHaveLength(1);
      await app.close();
      proxy.close();
    },
  );
});

// Not by how long it takes: the database hangs until the sender has his answer.
describe('a webhook whose commit hangs', () => {
  afterEach(cleanUp);

  it.each(['patient', 'several', 'broken'])('is told to come again meanwhile, and is taken once (%s)', async (path) => {
    const database = await newDatabase('postgres');
    const app = await boot({ database, providers });
    const somebody = await locking(database.options as PostgresDatabaseOptions);
    const refused = await deliver(app, path, { n: 1 });
    expect(refused).toMatchObject({ status: 503, body: { code: 'TRG_STORE_UNAVAILABLE' } });
    expect(refused.headers.get('retry-after')).toBe('2');
    await somebody.end();
    await until(async () => (await rowsOf(app, path)).length > 0, 'the late commit is there');
    const again = await deliver(app, path, { n: 1 });
    expect(again.body.status).toBe(path === 'broken' ? 'kept' : 'duplicate');
    expect(await rowsOf(app, path)).toHaveLength(path === 'several' ? 2 : 1);
  });
});

describe('webhook triggers that cannot stand', () => {
  it('are all told at once', async () => {
    @Injectable()
    class Wrong {
      @WebhookTrigger({ workflow: 'work', path: 'same/:a', verify })
      one(): void {}

      @WebhookTrigger({ workflow: 'work', path: '/same/:b/', verify })
      two(): void {}

      @WebhookTrigger({ workflow: 'work', path: 'open' } as never)
      nobodyVerifies(): void {}

      @WebhookTrigger({ workflow: 'work', path: 'a b/:x', verify, onInvalid: 'drop' as never })
      badPath(): void {}

      @WebhookTrigger({ workflow: 'work', path: ':x/:x', verify: hmac({ header: SIGNATURE, secret: '' }) })
      twice(): void {}

      @WebhookTrigger({ workflow: 'work', path: 'c', verify: unsigned(), schema: 7 as never, maxBytes: 2_000_000 })
      schema(): void {}

      @WebhookTrigger({ workflow: 'work', path: () => Promise.reject(new Error('no config')), verify })
      config(): void {}

      @WebhookTrigger({ workflow: 'work', path: 'd', verify, timeout: '2m' })
      patience(): void {}

      @WebhookTrigger({ workflow: 'work', path: 'e', verify, timeout: '10' as never })
      duration(): void {}
    }
    @Module({
      imports: [TriggersModule.forRoot({ database: { type: 'sqlite', path: ':memory:' } })],
      providers: [Work, Wrong],
    })
    class AppModule {}
    const app = await NestFactory.create(AppModule, { logger: false, abortOnError: false });
    const error = await app.init().then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(isTriggersError(error, 'TRG_DEF_INVALID')).toBe(true);
    const { message } = error as TriggersError;
    for (const part of [
      '[TRG_DEF_DUPLICATE_WEBHOOK] Trigger "two" (Wrong.two), option "path": "same/:b" is where trigger "one"',
      'Trigger "nobodyVerifies" (Wrong.nobodyVerifies), option "verify": nobody says how a sender is believed',
      'Trigger "badPath" (Wrong.badPath), option "path" is "a b/:x", which has the segment "a b"',
      'Trigger "badPath" (Wrong.badPath), option "onInvalid" is "drop"; it takes "keep" or "reject"',
      'Trigger "twice" (Wrong.twice), option "path" is ":x/:x", which has two parameters of one name',
      'Trigger "twice" (Wrong.twice), option "verify.secret"',
      'Trigger "schema" (Wrong.schema), option "schema" is number',
      'Trigger "schema" (Wrong.schema), option "maxBytes" is 2000000',
      'Trigger "config" (Wrong.config), option "path": the function that should return it threw: no config',
      'Trigger "patience" (Wrong.patience), option "timeout" is "2m"; it takes "1ms" to "1m"',
      'Trigger "duration" (Wrong.duration), option "timeout": "10" is no duration',
    ]) {
      expect(message).toContain(part);
    }
    await app.close().catch(() => undefined);
  });
});
