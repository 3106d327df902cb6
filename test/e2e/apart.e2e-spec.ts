import { Injectable } from '@nestjs/common';
import { Task, WebhookTrigger, Workflow, apiKey, hmac } from 'nestjs-triggers';
import { TOKEN, boot, cleanUp } from '../support/app.js';
import { DIALECTS, newDatabase } from '../support/database.js';
import type { TestDatabase } from '../support/database.js';
import { until } from '../support/until.js';
import { SECRET, SIGNATURE, deliver } from '../support/webhooks.js';

@Workflow({ name: 'work' })
class Work {
  @Task()
  run(context: { readonly data: object }) {
    return { saw: context.data };
  }
}

const KEY = 'a-key-of-a-warehouse';

@Injectable()
class Webhooks {
  @WebhookTrigger({ workflow: 'work', path: 'signed', verify: hmac({ header: SIGNATURE, secret: SECRET }) })
  signed(): void {
    throw new Error('not today');
  }

  @WebhookTrigger({
    workflow: 'work',
    path: 'shown',
    verify: apiKey({ header: 'x-api-key', keys: KEY }),
    enabled: false,
  })
  shown(): void {}
}

const TABLES = ['trigger', 'firing', 'execution', 'task', 'dedup', 'tick', 'node', 'audit'];

/** Every row of ours, as text. */
async function everything(database: TestDatabase): Promise<string> {
  const rows = [];
  for (const table of TABLES) rows.push(await database.query(`SELECT * FROM triggers_${table}`));
  return JSON.stringify(rows);
}

describe.each(DIALECTS)('applications that share a server, on %s', (dialect) => {
  afterEach(cleanUp);

  // Cloacina case 114
  it('with a schema or a file each see and run nothing of each other', async () => {
    const one = await boot({ database: dialect, providers: [Work] });
    const other = await boot({ database: dialect, providers: [Work] });
    const { executionId } = await one.runner.execute('work', { of: 'one' });
    expect((await one.get('/executions')).items).toHaveLength(1);
    expect((await other.get('/executions')).items).toEqual([]);
    expect((await other.get('/nodes')).items).toHaveLength(1);
    expect((await other.call('GET', `/executions/${executionId}`)).status).toBe(404);
    expect((await other.call('POST', `/executions/${executionId}/cancel`, {})).status).toBe(404);
  });

  // Cloacina case 115
  it('keep the token of their admin API out of every table', async () => {
    const database = await newDatabase(dialect);
    const app = await boot({ database, providers: [Work] });
    const session = await app.call('POST', '/session', { token: TOKEN });
    expect(session.status).toBeLessThan(300);
    await app.call('GET', '/executions', undefined, { authorization: `Bearer ${TOKEN}-wrong` });
    await app.call('POST', '/workflows/work/run', { context: { a: 1 } });
    await app.ended(1);
    const stored = await everything(database);
    expect(stored).toContain('workflow.run');
    expect(stored).not.toContain(TOKEN);
  });

  // Cloacina case 115
  it('keep the secrets and keys of their webhooks out of every table', async () => {
    const database = await newDatabase(dialect);
    const app = await boot({ database, providers: [Work, Webhooks] });
    const withKey = (key: string) => deliver(app, 'shown', { a: 1 }, { 'x-api-key': key });
    expect((await deliver(app, 'signed', { a: 1 })).status).toBe(202);
    expect((await withKey(KEY)).status).toBe(202);
    expect((await withKey(`${KEY}-wrong`)).status).toBe(401);
    await until(async () => (await app.get('/shown/firings')).items.length === 2, 'the forged one left its record');
    const stored = await everything(database);
    expect(stored).toContain('not today');
    expect(stored).toContain(`[${`${KEY}-wrong`.length} characters]`);
    expect(stored).not.toContain(SECRET);
    expect(stored).not.toContain(KEY);
  });
});
