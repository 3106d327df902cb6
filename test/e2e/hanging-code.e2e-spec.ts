import { Injectable } from '@nestjs/common';
import { ManualTrigger, Task, WebhookTrigger, Workflow, custom, unsigned } from 'nestjs-triggers';
import type { ManualRequest, StandardSchema, WebhookEvent } from 'nestjs-triggers';
import { TestClock } from 'nestjs-triggers/testing';
import { boot, cleanUp } from '../support/app.js';
import type { Answer, TestApp } from '../support/app.js';
import { DIALECTS } from '../support/database.js';
import { until } from '../support/until.js';
import { deliver } from '../support/webhooks.js';

/** What is sent: which code is to hang on it, or to fail. */
interface Sent {
  readonly id: string;
  readonly hang?: string;
  readonly fail?: boolean;
}

/** The code that hangs, in the order in which it was asked. */
const hanging: string[] = [];

async function ask(what: string, sent: unknown): Promise<true> {
  if ((sent as Sent).hang !== what) return true;
  hanging.push(what);
  return new Promise(() => undefined);
}

/** A Standard Schema that asks somebody. */
function asks(what: string): StandardSchema<Sent> {
  const validate = async (value: unknown): Promise<object> => ({ value: (await ask(what, value)) && value });
  return { '~standard': { version: 1, vendor: 'test', validate } };
}

@Workflow({ name: 'work', input: asks('input') })
class Work {
  @Task()
  run(): void {}
}

const verify = custom(({ body }) => ask('sender', JSON.parse(body.toString())));
const filter = (context: object): Promise<boolean> => ask('filter', context);

@Injectable()
class Code {
  @WebhookTrigger({
    workflow: 'work',
    path: 'hooked',
    verify,
    filter,
    schema: asks('schema'),
    challenge: async ({ body }) => (await ask('challenge', JSON.parse(body.toString()))) && null,
    dedupKey: ({ id }) => id,
  })
  async hooked({ payload }: WebhookEvent<Sent>) {
    await ask('method', payload);
    if (payload.fail === true) throw new Error('not today');
    return payload;
  }

  @WebhookTrigger({ workflow: 'work', path: 'other', verify: unsigned() })
  other(): void {}

  @ManualTrigger({ workflow: 'work', name: 'asked', input: asks('schema'), filter, timeout: '5s', doubleClick: 'off' })
  async asked({ input }: ManualRequest<Sent>) {
    await ask('method', input);
    return input;
  }
}

const TOO_LATE = { status: 503, body: { code: 'TRG_TRIGGER_TIMEOUT' } };

describe.each(DIALECTS)('code of the application that never answers, on %s', (database) => {
  let app: TestApp;
  let clock: TestClock;
  beforeEach(async () => {
    hanging.length = 0;
    clock = new TestClock();
    app = await boot({ database, clock, providers: [Work, Code] });
  });
  afterEach(cleanUp);

  /** The answer to something on which this code hangs, when so much time has passed; nothing a moment before. */
  const answerAfter = async (what: string, timeoutMs: number, asking: Promise<Answer>): Promise<Answer> => {
    let isAnswered = false;
    void asking.then(() => (isAnswered = true));
    await until(() => hanging.includes(what), `the ${what} is asked`);
    await clock.advance(timeoutMs - 1);
    expect([isAnswered, hanging]).toEqual([false, [what]]);
    expect((await deliver(app, 'other', { what })).body.status).toBe('accepted');
    await clock.advance(1);
    return asking;
  };

  it.each(['challenge', 'sender', 'schema', 'method', 'filter', 'input'])(
    'keeps nothing of a delivery (%s): its sender is told to try again, and others are answered meanwhile',
    async (what) => {
      const answer = await answerAfter(what, 10_000, deliver(app, 'hooked', { id: 'e-1', hang: what }));
      expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '2']);
      expect(answer.body).toMatchObject({ code: 'TRG_WEBHOOK_UNAVAILABLE', message: expect.stringContaining('10s') });
      expect([(await app.get('/hooked/firings')).items, (await app.get('/dead-letters')).items]).toEqual([[], []]);
      expect((await deliver(app, 'hooked', { id: 'e-1' })).body).toMatchObject({ status: 'accepted' });
    },
  );

  it.each(['schema', 'method', 'filter', 'input'])(
    'fires nothing by hand (%s): whoever fires is told so',
    async (what) => {
      const context = { id: 'm-1', hang: what };
      const answer = await answerAfter(what, 5_000, app.call('POST', '/asked/fire', { context }));
      expect(answer).toMatchObject(TOO_LATE);
      expect((await app.get('/asked/firings')).items).toEqual([]);
    },
  );

  it.each(['schema', 'method', 'filter', 'input'])('makes a dry run fail (%s)', async (what) => {
    const context = { id: 'm-1', hang: what };
    const { body } = await answerAfter(what, 5_000, app.call('POST', '/asked/test', { context }));
    expect(JSON.stringify(body)).toContain('its code did not end within 5s');
  });

  it.each(['schema', 'method', 'filter', 'input'])(
    'leaves the dead letter as it is that it is replayed with (%s)',
    async (what) => {
      expect((await deliver(app, 'hooked', { id: 'e-1', fail: true })).body.status).toBe('kept');
      const { items } = await app.get('/dead-letters');
      const replay = (payload: Sent): Promise<Answer> =>
        app.call('POST', `/dead-letters/${String(items[0].id)}/replay`, { payload });
      expect(await answerAfter(what, 10_000, replay({ id: 'e-1', hang: what }))).toMatchObject(TOO_LATE);
      expect((await app.get('/dead-letters')).items).toHaveLength(1);
      expect((await replay({ id: 'e-1' })).body).toMatchObject({ status: 'accepted', dedupKey: 'e-1' });
    },
  );

  it.each(['filter', 'input'])('fires nothing of a webhook trigger that a program fires (%s)', async (what) => {
    const context = { id: 'p-1', hang: what };
    expect(await answerAfter(what, 10_000, app.call('POST', '/hooked/fire', { context }))).toMatchObject(TOO_LATE);
    expect((await app.get('/hooked/firings')).items).toEqual([]);
  });
});
