import type { INestApplication } from '@nestjs/common';
import { ValidationPipe } from '@nestjs/common';
import request from 'supertest';
import { DATABASES, Seed, openStore } from '../history/history.contract.js';
import { TriggersError } from '../model/errors.js';
import { newId } from '../model/ids.js';
import type { Store } from '../store/store.service.js';
import { BASE, Behind, PLATFORMS, TOKEN, definition, startApp } from './admin.contract.js';

const VARIANTS = PLATFORMS.flatMap((platform) => DATABASES.map((database) => ({ platform, database })));
const ISO = /^\d{4}-\d\d-\d\dT[\d:.]+Z$/;

describe.each(VARIANTS)('the admin API on $platform and $database', ({ platform, database }) => {
  let store: Store;
  let seed: Seed;
  let behind: Behind;
  let app: INestApplication;

  beforeAll(async () => {
    store = await openStore(database);
    seed = new Seed(store);
    behind = new Behind();
    // A pipe of the application that would refuse everything it recognises.
    const prepare = (made: INestApplication): unknown =>
      made.useGlobalPipes(new ValidationPipe({ whitelist: true, forbidUnknownValues: true }));
    const definitions = [
      definition(),
      definition({ name: 'hooked', kind: 'webhook', pollIntervalMs: null, dedup: { scope: 'off' }, enabled: false }),
    ];
    app = await startApp({ platform, store, behind, definitions, prepare });
  });

  afterAll(async () => {
    await app.close();
    await store.close();
  });

  afterEach(() => {
    behind.audit.length = 0;
    behind.live.clear();
    jest.clearAllMocks();
  });

  const call = (method: 'get' | 'post' | 'put' | 'patch' | 'delete', path: string): request.Test =>
    request(app.getHttpServer())[method](`${BASE}${path}`).set('Authorization', `Bearer ${TOKEN}`);

  describe('triggers', () => {
    beforeAll(async () => {
      await seed.trigger({ polls: 118, fires: 3, skips: 115, cursor: '{"since":3}', intervalOverrideMs: 90_000 });
      await seed.trigger({ name: 'forgotten', seenAt: new Date(Date.now() - 600_000), enabledOverride: false });
    });

    // Cloacina case 111
    it('lists declared and stored ones with what the poller has not written yet', async () => {
      const nextPollAt = new Date();
      behind.live.set('inbox', {
        polling: false,
        stalled: true,
        nextPollAt,
        lastPollAt: null,
        consecutiveFailures: 0,
        lastError: null,
        unwritten: { polls: 2, skips: 2, duplicates: 0, failures: 0 },
      });
      const { body, status } = await call('get', '');
      expect(status).toBe(200);
      expect(body).toMatchObject({ total: 3, next: null });
      expect(body.items).toEqual([
        expect.objectContaining({ name: 'forgotten', state: 'undeclared', workflows: [] }),
        expect.objectContaining({
          name: 'hooked',
          kind: 'webhook',
          state: 'disabled',
          enabled: false,
          pollInterval: null,
          allowConcurrent: true,
        }),
        {
          name: 'inbox',
          kind: 'poll',
          workflows: ['files'],
          enabled: true,
          state: 'stalled',
          owner: null,
          pollInterval: '90s',
          pollIntervalMs: 90_000,
          allowConcurrent: false,
          lastPollAt: null,
          nextPollAt: nextPollAt.toISOString(),
          lastFireAt: null,
          consecutiveFailures: 0,
          lastError: null,
          counts: { polls: 120, fires: 3, skips: 117, duplicates: 0, failures: 0 },
        },
      ]);
    });

    // Cloacina case 7
    it('pages through them by name and selects fields', async () => {
      const first = await call('get', '?limit=2&fields=name,state');
      expect(first.body.items).toEqual([
        { name: 'forgotten', state: 'undeclared' },
        { name: 'hooked', state: 'disabled' },
      ]);
      const second = await call('get', `?limit=2&after=${first.body.next}`);
      expect(second.body).toMatchObject({ next: null, items: [{ name: 'inbox' }] });
    });

    // Cloacina case 6
    it('shows one with its declaration, its overrides, its cursor and what it takes', async () => {
      const { body } = await call('get', '/inbox');
      expect(body).toMatchObject({
        name: 'inbox',
        options: { timeout: '30s' },
        overrides: { enabled: null, pollInterval: '90s' },
        cursor: { since: 3 },
        inputSchema: { type: 'object', required: ['filename'] },
        firstSeenAt: expect.stringMatching(ISO),
      });
    });

    // Cloacina case 14
    it('answers 404 with the names that exist', async () => {
      for (const path of ['/nobody', '/nobody/executions', '/nobody/firings', '/nobody/ticks']) {
        const { body, status } = await call('get', path);
        expect({ status, code: body.code }).toEqual({ status: 404, code: 'TRG_API_TRIGGER_NOT_FOUND' });
        expect(body.message).toContain('"inbox"');
      }
    });

    it('overrides switch and interval, and hands who and why to the change', async () => {
      const { status, body } = await call('patch', '/inbox').send({
        enabled: false,
        pollInterval: '5m',
        reason: 'maintenance',
      });
      expect({ status, name: body.name }).toEqual({ status: 200, name: 'inbox' });
      const by = { by: 'token', reason: 'maintenance', address: expect.stringMatching(/127\.0\.0\.1/) };
      expect(behind.triggers.override).toHaveBeenCalledWith('inbox', { enabled: false, intervalMs: 300_000 }, by);
      expect(behind.poller.changed).toHaveBeenCalledWith('inbox');
    });

    it('removes overrides with null', async () => {
      await call('patch', '/inbox').send({ enabled: null, pollInterval: null }).expect(200);
      const overrides = { enabled: null, intervalMs: null };
      expect(behind.triggers.override).toHaveBeenCalledWith('inbox', overrides, expect.anything());
    });

    it.each([
      [{}, 'enabled'],
      [{ enabled: 'yes' }, 'enabled'],
      [{ pollInterval: '5 minutes' }, 'pollInterval'],
      [{ pollInterval: '9ms' }, 'pollInterval'],
      [{ pollInterval: '400d' }, 'pollInterval'],
      [{ enabled: true, colour: 'red' }, 'colour'],
      [{ enabled: true, reason: 3 }, 'reason'],
    ])('refuses the change %j and names "%s"', async (body, field) => {
      const answer = await call('patch', '/inbox').send(body);
      expect(answer.status).toBe(400);
      expect(answer.body).toMatchObject({
        code: 'TRG_API_BAD_REQUEST',
        details: { fields: [expect.objectContaining({ field })] },
      });
      expect(behind.triggers.override).not.toHaveBeenCalled();
    });

    it('fires with 202 and writes down who did it, not what was fired', async () => {
      const context = { filename: 'a.csv', __proto_like__: { constructor: 1 } };
      const { body, status } = await call('post', '/inbox/fire')
        .set('Idempotency-Key', 'k-1')
        .send({ context, dedupKey: 'a', reason: 'by hand' });
      const { firingId, executionIds } = behind.outcome;
      expect(status).toBe(202);
      expect(body).toEqual({ status: 'accepted', firingId, executionIds, dedupKey: 'sha256:ab', reason: null });
      expect(behind.intake.fire).toHaveBeenCalledWith(
        expect.objectContaining({
          context,
          dedupKey: 'a',
          initiatedBy: 'token',
          idempotency: { key: 'k-1', user: 'token' },
        }),
      );
      expect(behind.audit).toEqual([
        {
          actor: 'token',
          action: 'trigger.fire',
          target: 'inbox',
          reason: 'by hand',
          address: expect.stringMatching(/127\.0\.0\.1/),
          details: { status: 'accepted', firingId, executionIds, requestId: expect.any(String) },
        },
      ]);
    });

    it('fires without a body', async () => {
      await call('post', '/inbox/fire').expect(202);
      expect(behind.intake.fire).toHaveBeenCalledWith(expect.objectContaining({ context: undefined }));
    });

    it('hands a context on exactly as it came: any depth, any key', async () => {
      const deep = `${'{"a":'.repeat(5_000)}1${'}'.repeat(5_000)}`;
      await call('post', '/inbox/fire')
        .set('Content-Type', 'application/json')
        .send(`{"context":{"__proto__":{"x":1},"deep":${deep}}}`)
        .expect(202);
      const { context } = behind.intake.fire.mock.calls[0]?.[0] as { context: object };
      expect(Object.keys(context)).toEqual(['__proto__', 'deep']);
    });

    it('answers 429 with Retry-After when the rate limit refused', async () => {
      behind.intake.fire.mockResolvedValueOnce({ ...behind.outcome, status: 'limited', delayedMs: 2_500 });
      const answer = await call('post', '/inbox/fire').send({});
      expect(answer.status).toBe(429);
      expect(answer.headers['retry-after']).toBe('3');
      expect(behind.audit).toEqual([]);
    });

    it.each(['', 'with space', 'x'.repeat(256)])('refuses the Idempotency-Key "%s"', async (key) => {
      await call('post', '/inbox/fire').set('Idempotency-Key', key).send({}).expect(400);
    });

    it('polls now and tries out, but only what polls', async () => {
      expect((await call('post', '/inbox/poll')).body).toEqual({
        status: 'skipped',
        reason: 'inbox is empty',
        durationMs: 2,
      });
      expect((await call('post', '/inbox/test')).status).toBe(200);
      const refused = await call('post', '/hooked/poll');
      expect(refused.body).toMatchObject({
        statusCode: 409,
        code: 'TRG_API_CONFLICT',
        message: expect.stringContaining('webhook'),
      });
      behind.poller.pollNow.mockResolvedValueOnce({ status: 'refused', reason: 'it is suspended' });
      expect((await call('post', '/inbox/poll')).body).toMatchObject({
        statusCode: 409,
        message: expect.stringContaining('suspended'),
      });
    });

    it('edits the cursor, which may be null but not left out', async () => {
      await call('put', '/inbox/cursor')
        .send({ cursor: { since: 9 }, reason: 'again' })
        .expect(200);
      expect(behind.triggers.setCursor).toHaveBeenCalledWith(
        'inbox',
        { since: 9 },
        expect.objectContaining({ reason: 'again' }),
      );
      await call('put', '/inbox/cursor').send({ cursor: null }).expect(200);
      await call('put', '/inbox/cursor').send({}).expect(400);
    });

    it('ends a suspension', async () => {
      await call('post', '/inbox/resume').send({ reason: 'fixed' }).expect(200);
      expect(behind.triggers.resume).toHaveBeenCalledWith(
        'inbox',
        expect.objectContaining({ by: 'token', reason: 'fixed' }),
      );
    });

    it('deletes only what nothing declares any more', async () => {
      expect((await call('delete', '/inbox')).body).toMatchObject({ statusCode: 409 });
      expect(behind.triggers.forget).not.toHaveBeenCalled();
      await call('delete', '/forgotten').expect(204);
      expect(behind.triggers.forget).toHaveBeenCalledWith('forgotten', expect.objectContaining({ by: 'token' }));
    });

    it('lists its executions, firings and ticks', async () => {
      const { id, firingId } = await seed.execution({ state: 'failed', trigger: 'inbox' });
      await seed.execution({ trigger: 'other' });
      await seed.tick({ count: 3 });
      expect((await call('get', '/inbox/executions?state=failed')).body).toMatchObject({
        total: 1,
        items: [{ id, firingId }],
      });
      expect((await call('get', '/inbox/firings?limit=1&fields=id')).body).toMatchObject({
        total: 1,
        items: [{ id: firingId }],
      });
      expect((await call('get', '/inbox/ticks?outcome=skipped')).body).toMatchObject({
        items: [{ count: 3, outcome: 'skipped' }],
      });
    });

    it('lists ticks after the poller has written those that only it knows', async () => {
      behind.poller.writeCounts.mockImplementationOnce(async () => void (await seed.tick({ count: 7 })));
      const { body } = await call('get', '/inbox/ticks');
      expect(body.items[0]).toMatchObject({ count: 7 });
      expect(behind.poller.writeCounts).toHaveBeenCalledWith('inbox');
    });
  });

  describe('executions, workflows and the rest', () => {
    it('lists executions and shows one', async () => {
      const { id } = await seed.execution({ workflow: 'files', context: '{"filename":"b"}' });
      await seed.task({ executionId: id, task: 'read', output: '{"rows":1}' });
      const list = await call(
        'get',
        `/executions?limit=1&workflow=files&from=${new Date(Date.now() - 60_000).toISOString()}`,
      );
      expect(list.body).toMatchObject({ items: [{ id, context: { filename: 'b' } }] });
      expect((await call('get', `/executions/${id}`)).body).toMatchObject({
        id,
        input: { filename: 'b' },
        result: { rows: 1 },
        tasks: [{ task: 'read' }],
      });
    });

    it.each(['cancel', 'pause', 'resume', 'retry'] as const)('does %s and writes it down', async (action) => {
      const id = newId();
      const { body, status } = await call('post', `/executions/${id}/${action}`).send({ reason: 'why' });
      expect(status).toBe(200);
      expect(body).toEqual({ state: expect.any(String) });
      expect(behind.executions[action]).toHaveBeenCalledWith(id, 'token');
      expect(behind.audit).toMatchObject([
        { action: `execution.${action}`, target: id, reason: 'why', details: { state: body.state } },
      ]);
    });

    it('replays with another context', async () => {
      const id = newId();
      await call('post', `/executions/${id}/replay`)
        .send({ context: { filename: 'c' } })
        .expect(202);
      expect(behind.intake.replay).toHaveBeenCalledWith(id, { edited: { filename: 'c' }, initiatedBy: 'token' });
    });

    it('answers 404 for an id that is none and for one that is not there, and 409 as it comes', async () => {
      for (const path of ['/executions/7', `/executions/${newId()}`]) {
        expect((await call('get', path)).body).toMatchObject({ statusCode: 404, code: 'TRG_API_EXECUTION_NOT_FOUND' });
      }
      behind.executions.retry.mockRejectedValueOnce(new TriggersError('TRG_API_CONFLICT', 'Execution "x" is running.'));
      expect((await call('post', `/executions/${newId()}/retry`)).body).toMatchObject({
        statusCode: 409,
        message: 'Execution "x" is running.',
      });
      expect(behind.audit).toEqual([]);
    });

    it('shows workflows with graph, input and last executions, and runs them', async () => {
      expect((await call('get', '/workflows')).body).toEqual({
        items: [
          {
            name: 'files',
            description: 'Processes files',
            hash: 'f'.repeat(16),
            tasks: ['read', 'write'],
            triggers: ['inbox', 'hooked'],
          },
        ],
        next: null,
        total: 1,
      });
      expect((await call('get', '/workflows/files')).body).toMatchObject({
        graph: [
          { id: 'read', dependents: ['write'], maxAttempts: 3 },
          { id: 'write', dependencies: ['read'], runWhen: 'allDone' },
        ],
        inputSchema: { required: ['filename'] },
      });
      await call('post', '/workflows/files/run')
        .send({ context: { filename: 'd' } })
        .expect(202);
      expect(behind.intake.start).toHaveBeenCalledWith(
        expect.objectContaining({ context: { filename: 'd' }, initiatedBy: 'token' }),
      );
      expect((await call('post', '/workflows/nothing/run')).body).toMatchObject({
        statusCode: 404,
        code: 'TRG_API_WORKFLOW_NOT_FOUND',
      });
    });

    it('lists dead letters, nodes and the audit', async () => {
      const dead = await seed.firing({ state: 'dead', reason: 'loop' });
      const node = await seed.node({ name: 'node-9', roles: '["worker"]', pools: '["gpu"]', concurrency: 2, pid: 7 });
      await seed.trigger({ name: 'owned', owner: node.id });
      await seed.task({ executionId: dead.id as never, task: 'a', state: 'ready', pool: 'tpu' });
      await seed.audit({ target: 'x-target' });
      expect((await call('get', '/dead-letters')).body.items[0]).toMatchObject({
        kind: 'firing',
        id: dead.id,
        reason: 'loop',
      });
      expect((await call('get', '/nodes')).body).toEqual({
        items: [
          {
            id: node.id,
            name: 'node-9',
            host: 'machine',
            pid: 7,
            version: '0.0.0',
            roles: ['worker'],
            pools: ['gpu'],
            concurrency: 2,
            startedAt: node.startedAt.toISOString(),
            leaseUntil: node.leaseUntil.toISOString(),
            alive: true,
            runningTasks: 0,
            ownedTriggers: 1,
            workflows: [],
          },
        ],
        next: null,
        total: 1,
        unservedPools: [{ pool: 'tpu', ready: 1 }],
      });
      expect((await call('get', '/audit?target=x-target')).body).toMatchObject({ total: 1, items: [{ actor: 'ops' }] });
    });
  });

  describe('errors', () => {
    it.each([
      {
        name: 'malformed JSON',
        type: 'application/json',
        body: '{"enabled":',
        status: 400,
        code: 'TRG_API_BAD_REQUEST',
      },
      { name: 'an array', type: 'application/json', body: '[]', status: 400, code: 'TRG_API_BAD_REQUEST' },
      {
        name: 'a form',
        type: 'application/x-www-form-urlencoded',
        body: 'enabled=true',
        status: 415,
        code: 'TRG_API_MEDIA_TYPE',
      },
      { name: 'plain text', type: 'text/plain', body: '{}', status: 415, code: 'TRG_API_MEDIA_TYPE' },
      {
        name: 'too much',
        type: 'application/json',
        body: `{"reason":"${'x'.repeat(1_200_000)}"}`,
        status: 413,
        code: 'TRG_CONTEXT_TOO_LARGE',
      },
    ])('answers $name with $status in the envelope', async ({ type, body, status, code }) => {
      const answer = await call('patch', '/inbox').set('Content-Type', type).set('X-Request-Id', 'r-1').send(body);
      expect(answer.status).toBe(status);
      expect(answer.body).toEqual({ statusCode: status, code, message: expect.any(String), requestId: 'r-1' });
      expect(answer.headers['x-request-id']).toBe('r-1');
      expect(answer.headers['cache-control']).toBe('no-store');
    });

    it('takes a context of the full size, which the parsers of the platforms would refuse', async () => {
      await call('post', '/inbox/fire')
        .send({ context: { text: 'x'.repeat(1_040_000) } })
        .expect(202);
    });

    it('answers a path that is none like any other error', async () => {
      for (const path of ['/inbox/colour', '/executions/a/b/c/d', '/a/b/c']) {
        expect((await call('get', path)).body).toMatchObject({
          statusCode: 404,
          code: 'TRG_API_NOT_FOUND',
          requestId: expect.any(String),
        });
      }
    });

    it('makes a request id of its own for one that does not fit a log', async () => {
      const answer = await call('get', '/inbox').set('X-Request-Id', 'a b<script>');
      expect(answer.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
    });

    it.each([
      'limit=0',
      'limit=1001',
      'limit=x',
      'after=x',
      'state=odd',
      'from=yesterday',
      'colour=red',
      'fields=id,colour',
      'state=failed&state=running',
    ])('refuses the query %s', async (query) => {
      expect((await call('get', `/executions?${query}`)).body).toMatchObject({
        statusCode: 400,
        code: 'TRG_API_BAD_REQUEST',
        details: { fields: [{}] },
      });
    });

    it('says nothing of what is our own fault but where to look', async () => {
      behind.intake.fire.mockRejectedValueOnce(new Error('secret of the database'));
      const { body, status } = await call('post', '/inbox/fire').send({});
      expect({ status, code: body.code }).toEqual({ status: 500, code: 'TRG_BUG_UNEXPECTED' });
      expect(JSON.stringify(body)).not.toContain('secret');
      expect(body.message).toContain(body.requestId);
    });

    it('asks to come back when the store is away', async () => {
      behind.intake.fire.mockRejectedValueOnce(
        new TriggersError('TRG_STORE_UNAVAILABLE', 'The database does not answer.'),
      );
      const answer = await call('post', '/inbox/fire').send({});
      expect({ status: answer.status, retry: answer.headers['retry-after'] }).toEqual({ status: 503, retry: '2' });
    });
  });
});
