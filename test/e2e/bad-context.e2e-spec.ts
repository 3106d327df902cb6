import { Injectable } from '@nestjs/common';
import { Task, Trigger, TriggerResult, Workflow } from 'nestjs-triggers';
import type { FireItem, Poll } from 'nestjs-triggers';
import { PLATFORMS, boot, cleanUp } from '../support/app.js';
import type { TestApp } from '../support/app.js';
import { DIALECTS } from '../support/database.js';
import { until } from '../support/until.js';

@Workflow({ name: 'anything' })
class Anything {
  @Task()
  run(): void {}
}

function nested(levels: number): object {
  let value: object = {};
  for (let level = 1; level < levels; level += 1) value = { in: value };
  return value;
}

function circular(): object {
  const value: { self?: object } = {};
  value.self = value;
  return value;
}

class Money {
  amount = 1;
}

interface Bad {
  readonly what: string;
  readonly context: object;
  readonly code: string;
  /** What the message says of it: the path, and what is wrong there. */
  readonly says: RegExp;
}

/** What JSON can carry and we refuse: it can come over HTTP too. */
const REFUSED: readonly Bad[] = [
  {
    what: 'larger than 1 MiB',
    context: { text: 'x'.repeat(1_048_576) },
    code: 'TRG_CONTEXT_TOO_LARGE',
    says: /1048587 bytes/,
  },
  { what: '65 levels deep', context: nested(65), code: 'TRG_CONTEXT_TOO_DEEP', says: /in\.in.*deeper than 64/ },
  { what: 'a NUL character', context: { a: ['x\u0000'] }, code: 'TRG_CONTEXT_NOT_JSON', says: /"a\[0\]".*NUL/ },
  {
    what: 'the key __proto__',
    context: { a: JSON.parse('{"__proto__":1}') as object },
    code: 'TRG_CONTEXT_RESERVED_KEY',
    says: /"a\.__proto__"/,
  },
  { what: 'the key constructor', context: { constructor: 1 }, code: 'TRG_CONTEXT_RESERVED_KEY', says: /"constructor"/ },
  { what: 'a key that starts with $', context: { $where: 1 }, code: 'TRG_CONTEXT_RESERVED_KEY', says: /"\$where"/ },
  { what: 'an integer beyond 2^53', context: { id: 2 ** 53 }, code: 'TRG_CONTEXT_BIG_NUMBER', says: /"id".*string/ },
];

/** What JSON cannot carry: only programs can try. */
const NOT_JSON: readonly Bad[] = [
  { what: 'a bigint', context: { n: 1n }, code: 'TRG_CONTEXT_BIG_NUMBER', says: /"n" is a bigint/ },
  { what: 'a function', context: { f: () => 1 }, code: 'TRG_CONTEXT_NOT_JSON', says: /"f" is a function/ },
  { what: 'a symbol', context: { s: Symbol('s') }, code: 'TRG_CONTEXT_NOT_JSON', says: /"s" is a symbol/ },
  { what: 'NaN', context: { n: Number.NaN }, code: 'TRG_CONTEXT_NOT_JSON', says: /"n" is NaN/ },
  {
    what: 'an invalid Date',
    context: { at: new Date('x') },
    code: 'TRG_CONTEXT_NOT_JSON',
    says: /"at" is an invalid Date/,
  },
  { what: 'an instance', context: { price: new Money() }, code: 'TRG_CONTEXT_NOT_JSON', says: /"price".*Money/ },
  { what: 'a Map', context: new Map(), code: 'TRG_CONTEXT_NOT_JSON', says: /an instance of Map/ },
  { what: 'an array', context: [], code: 'TRG_CONTEXT_NOT_JSON', says: /an array/ },
  { what: 'a circle', context: circular(), code: 'TRG_CONTEXT_TOO_DEEP', says: /deeper than 64/ },
];

let items: FireItem[] = [];

@Injectable()
class Source {
  @Trigger({ workflow: Anything, pollInterval: '20ms', enabled: false, dedup: 'off' })
  source(_poll: Poll) {
    if (items.length === 0) return TriggerResult.skip('nothing');
    return TriggerResult.fireMany(items.splice(0), { cursor: { moved: true } });
  }
}

describe.each(DIALECTS)('a context that cannot be kept, on %s', (database) => {
  let app: TestApp;
  beforeAll(async () => {
    app = await boot({ database, providers: [Anything, Source] });
  });
  afterAll(cleanUp);

  const stored = async (): Promise<number> =>
    Number((await app.database.query('SELECT count(*) AS n FROM triggers_firing'))[0]?.['n']);

  // Cloacina T-14
  it.each([...REFUSED, ...NOT_JSON])('is refused by fire() and start(): $what', async ({ context, code, says }) => {
    const before = await stored();
    const error = { code, message: expect.stringMatching(says) };
    await expect(app.triggers.fire('source', context)).rejects.toMatchObject(error);
    await expect(app.runner.start('anything', context as never)).rejects.toMatchObject(error);
    await expect(app.runner.execute('anything', context as never)).rejects.toMatchObject(error);
    expect(await stored()).toBe(before);
  });

  it('becomes a dead letter when a poll fires it: the rest fires, the cursor moves', async () => {
    const bad = [...REFUSED, ...NOT_JSON];
    items = [{ context: { good: 1 } }, ...bad.map(({ context }) => ({ context })), { context: { good: 2 } }];
    await app.triggers.setEnabled('source', true);
    await until(async () => (await app.get('/source')).counts.fires > 0, 'it fires');
    await until(() => items.length === 0, 'all items are taken');

    const firings = (await app.get('/source/firings?limit=100')).items;
    const accepted = firings.filter(({ state }: { state: string }) => state === 'accepted');
    expect(accepted.map(({ context }: { context: object }) => context)).toEqual([{ good: 2 }, { good: 1 }]);
    const dead = (await app.get('/dead-letters?limit=100')).items.reverse();
    expect(dead).toHaveLength(bad.length);
    dead.forEach((letter: { kind: string; state: string; reason: string }, at: number) => {
      expect(letter).toMatchObject({ kind: 'firing', state: 'dead', source: 'poll', trigger: 'source' });
      expect(letter.reason).toMatch(bad[at]!.says);
    });
    expect(await app.get('/source')).toMatchObject({
      cursor: { moved: true },
      state: 'active',
      consecutiveFailures: 0,
      counts: { failures: 0 },
    });
  });
});

describe.each(PLATFORMS)('a context that cannot be kept, over HTTP on %s', (platform) => {
  let app: TestApp;
  beforeAll(async () => {
    app = await boot({ database: 'sqlite', platform, providers: [Anything, Source] });
  });
  afterAll(cleanUp);

  it.each(REFUSED)('is answered with a clear error: $what', async ({ context, code, says }) => {
    const body = `{"context":${JSON.stringify(context)}}`;
    for (const path of ['/source/fire', '/workflows/anything/run']) {
      const answer = await app.call('POST', path, body);
      const status = code === 'TRG_CONTEXT_TOO_LARGE' ? 413 : 400;
      expect(answer.body).toMatchObject({ statusCode: status, code, message: expect.stringMatching(says) });
      expect(answer.status).toBe(status);
    }
    expect((await app.get('/executions')).items).toEqual([]);
    expect((await app.get('/source/firings')).items).toEqual([]);
  });

  it('is taken when it is as large and as deep as allowed', async () => {
    const large = { text: 'x'.repeat(1_048_576 - '{"text":""}'.length) };
    for (const context of [large, nested(64)]) {
      expect((await app.call('POST', '/source/fire', { context })).status).toBe(202);
    }
    const executions = await app.ended(2);
    expect(executions.map(({ state }) => state)).toEqual(['completed', 'completed']);
  });
});
