import { Injectable } from '@nestjs/common';
import type { Provider } from '@nestjs/common';
import { ManualTrigger, Task, WebhookTrigger, Workflow, hmac } from 'nestjs-triggers';
import type { AdminOptions, ManualRequest, TaskContext, WebhookEvent } from 'nestjs-triggers';
import { boot, cleanUp } from '../support/app.js';
import type { TestApp } from '../support/app.js';
import { DIALECTS, newDatabase } from '../support/database.js';
import type { TestDatabase } from '../support/database.js';
import { until } from '../support/until.js';
import { SECRET, SIGNATURE, deliver } from '../support/webhooks.js';

const verify = hmac({ header: SIGNATURE, secret: SECRET });
const dedupKey = (payload: unknown): string => (payload as { id: string }).id;
let paid: unknown[];
let isClosed: boolean;

@Workflow({ name: 'book' })
class Book {
  @Task({ retry: { attempts: 1 } })
  write({ data }: TaskContext): void {
    if (isClosed) throw new Error('the ledger is closed');
    paid.push(data);
  }
}

@Injectable()
class Off {
  @WebhookTrigger({ workflow: Book, name: 'payments', path: 'pay', verify, dedupKey, enabled: false })
  paid({ payload }: WebhookEvent<{ id: string }>) {
    return payload;
  }
}

@Injectable()
class Broken {
  @WebhookTrigger({ workflow: Book, name: 'payments', path: 'pay', verify, dedupKey })
  paid(_event: WebhookEvent<{ id: string }>): { id: string } {
    throw new Error('no rates today');
  }
}

@Injectable()
class Renamed {
  @WebhookTrigger({ workflow: Book, name: 'income', aliases: ['payments'], path: 'pay', verify, dedupKey })
  paid({ payload }: WebhookEvent<{ id: string }>) {
    return payload;
  }
}

@Injectable()
class Payout {
  @ManualTrigger({ workflow: Book, name: 'payout', permission: 'money', exclusive: true })
  pay({ input }: ManualRequest) {
    return { ...input };
  }
}

@Injectable()
class RenamedPayout {
  @ManualTrigger({ workflow: Book, name: 'refund', aliases: ['payout'], permission: 'money', exclusive: true })
  pay({ input }: ManualRequest) {
    return { ...input };
  }
}

describe.each(DIALECTS)('a trigger with another name, on %s', (dialect) => {
  let database: TestDatabase;
  let app: TestApp;
  let permissions: string[];
  const admin: AdminOptions = {
    guards: [
      class {
        canActivate = (): boolean => true;
      },
    ],
    identify: () => ({ id: 'ann', roles: ['operator'], permissions }),
  };

  beforeEach(async () => {
    [paid, isClosed, permissions] = [[], false, ['money']];
    database = await newDatabase(dialect);
  });
  afterEach(cleanUp);

  const deploy = async (...providers: Provider[]): Promise<void> => {
    await app?.close().catch(() => undefined);
    app = await boot({ database, providers: [Book, ...providers], admin });
  };
  const letters = async (query = ''): Promise<{ id: string }[]> => (await app.get(`/dead-letters${query}`)).items;
  const replay = (id: string | undefined) => app.call('POST', `/dead-letters/${String(id)}/replay`, {});

  it('starts what was held under the former one, and knows its key', async () => {
    await deploy(Off);
    expect((await deliver(app, 'pay', { id: 'p-1' })).status).toBe(202);
    await deploy(Renamed);
    await until(async () => paid.length > 0, 'the held event is released');
    expect((await app.get('/income/firings')).items).toMatchObject([{ state: 'accepted', dedupKey: 'p-1' }]);
    expect((await deliver(app, 'pay', { id: 'p-1' })).body).toMatchObject({ status: 'duplicate' });
    await app.kit.drain();
    expect(paid).toEqual([{ id: 'p-1' }]);
  });

  it('replays the dead letters of the former one', async () => {
    await deploy(Broken);
    expect((await deliver(app, 'pay', { id: 'p-1' })).status).toBe(202);
    await deploy(Renamed);
    const [letter] = await letters('?trigger=income');
    expect(await replay(letter?.id)).toMatchObject({ status: 202, body: { status: 'accepted', dedupKey: 'p-1' } });
    await app.kit.drain();
    expect([paid, await letters()]).toEqual([[{ id: 'p-1' }], []]);
  });

  it("closes them by their sender's retry", async () => {
    await deploy(Broken);
    await deliver(app, 'pay', { id: 'p-1' });
    const [letter] = await letters();
    await deploy(Renamed);
    const { body } = await deliver(app, 'pay', { id: 'p-1' });
    expect(body).toMatchObject({ status: 'accepted' });
    expect(await letters('?state=closed')).toMatchObject([{ id: letter?.id, closedBy: body.firingId }]);
    expect((await replay(letter?.id)).body).toMatchObject({ status: 'duplicate', firingId: body.firingId });
    await app.kit.drain();
    expect(paid).toEqual([{ id: 'p-1' }]);
  });

  it('asks its permission for a replay of what failed under the former one, and stays exclusive', async () => {
    isClosed = true;
    await deploy(Payout);
    await app.call('POST', '/payout/fire', { context: { to: 'bob' } });
    await app.kit.drain();
    isClosed = false;
    await deploy(RenamedPayout);
    const [letter] = await letters();
    permissions = [];
    expect(await replay(letter?.id)).toMatchObject({
      status: 403,
      body: { message: expect.stringContaining('Trigger "refund" needs the permission "money"') },
    });
    permissions = ['money'];
    expect((await replay(letter?.id)).body).toMatchObject({ status: 'accepted', dedupKey: 'exclusive' });
    await app.kit.drain();
    expect(paid).toEqual([{ to: 'bob' }]);
    expect((await app.get('/refund/firings')).items).toMatchObject([{ kind: 'manual', state: 'accepted' }]);
  });

  it('that no code knows replays nothing: the workflow is not started past it', async () => {
    isClosed = true;
    await deploy(Payout);
    await app.call('POST', '/payout/fire', { context: { to: 'bob' } });
    await app.kit.drain();
    isClosed = false;
    await deploy();
    const [letter] = await letters();
    expect(await replay(letter?.id)).toMatchObject({
      status: 409,
      body: { code: 'TRG_API_CONFLICT', message: expect.stringContaining('does not declare trigger "payout"') },
    });
    await app.kit.drain();
    expect(paid).toEqual([]);
  });
});
