import type { ModuleRef } from '@nestjs/core';
import { TriggersError } from '../model/errors.js';
import type { WorkflowRegistry } from '../workflows/workflow.registry.js';
import { TriggerBaseResolver } from './trigger-base.resolver.js';
import type { DeclaredBase, ResolvedTriggerBase } from './trigger-base.resolver.js';
import { TriggerOverrides } from './trigger-overrides.js';

const WHERE = 'Trigger "inbox" (Inbox.look)';
const isWanted = (): boolean => true;

/** Remembers the options that each provider was asked for with. */
class App {
  readonly asked: unknown[] = [];
  get(token: string, options: object): string {
    this.asked.push([token, options]);
    return token;
  }
  async resolve(token: string, context: unknown, options: object): Promise<string> {
    this.asked.push([token, context, options]);
    return token;
  }
}

describe('TriggerBaseResolver', () => {
  let app: App;
  let problems: TriggersError[];

  const resolverOf = (overrides = {}): TriggerBaseResolver => {
    const require = (ref: string): object => {
      if (ref === 'gone') throw new TriggersError('TRG_DEF_INVALID_OPTION', `${WHERE}, starts "gone"`);
      return { name: ref };
    };
    const workflows = { require } as unknown as WorkflowRegistry;
    return new TriggerBaseResolver(workflows, new TriggerOverrides(overrides), app as unknown as ModuleRef);
  };
  const resolve = (options: object, given: Partial<DeclaredBase> = {}, overrides = {}): Promise<ResolvedTriggerBase> =>
    resolverOf(overrides).resolve({
      name: 'inbox',
      where: WHERE,
      options: { workflow: 'files', ...options },
      dedupDefault: 'running',
      attempt: (check) => {
        try {
          return check();
        } catch (error) {
          problems.push(error as TriggersError);
          return undefined;
        }
      },
      ...given,
    });

  beforeEach(() => {
    app = new App();
    problems = [];
  });
  const messages = (): string[] => problems.map(({ code, message }) => `${code} ${message}`);

  it('fills in what is left out', async () => {
    expect(await resolve({})).toEqual({
      name: 'inbox',
      aliases: [],
      workflows: [{ name: 'files' }],
      enabled: true,
      dedup: { scope: 'running', cooldown: true },
      filter: null,
      rateLimit: null,
      onLimit: 'delay',
      priority: 0,
      bigNumbers: null,
    });
    expect(problems).toEqual([]);
  });

  it.each<[object, Partial<ResolvedTriggerBase>]>([
    [{ workflow: ['a', 'b'] }, { workflows: [{ name: 'a' }, { name: 'b' }] as never }],
    [{ aliases: ['old'] }, { aliases: ['old'] }],
    [{ enabled: false }, { enabled: false }],
    [{ rateLimit: { limit: 1, per: '1ms' } }, { rateLimit: { limit: 1, perMs: 1 } }],
    [{ onLimit: 'skip' }, { onLimit: 'skip' }],
    [{ onLimit: 'delay' }, { onLimit: 'delay' }],
    [{ filter: isWanted }, { filter: isWanted }],
    [{ priority: 2 ** 31 - 1 }, { priority: 2 ** 31 - 1 }],
    [{ priority: -(2 ** 31 - 1) }, { priority: -(2 ** 31 - 1) }],
    [{ bigNumbers: 'string' }, { bigNumbers: 'string' }],
    [{ cooldown: 'off' }, { dedup: { scope: 'running', cooldown: false } }],
    [{ cooldown: 'exponential' }, { dedup: { scope: 'running', cooldown: true } }],
    [{ cooldown: 'off', dedup: { while: 'running' } }, { dedup: { scope: 'running', cooldown: false } }],
    [{ dedup: 'off' }, { dedup: { scope: 'off' } }],
    [{ dedup: { for: '1ms' } }, { dedup: { scope: 'window', windowMs: 1 } }],
  ])('takes %j', async (options, resolved) => {
    expect(await resolve(options)).toMatchObject(resolved);
    expect(problems).toEqual([]);
  });

  it.each<[DeclaredBase['dedupDefault'], ResolvedTriggerBase['dedup']]>([
    ['off', { scope: 'off' }],
    ['running', { scope: 'running', cooldown: true }],
    [{ windowMs: 7 }, { scope: 'window', windowMs: 7 }],
  ])('lets the kind of a trigger hold its keys by %j', async (dedupDefault, dedup) => {
    expect((await resolve({}, { dedupDefault })).dedup).toEqual(dedup);
    expect((await resolve({ dedup: { for: 'ever' } }, { dedupDefault })).dedup).toEqual({ scope: 'ever' });
  });

  it.each<[object, string, Partial<ResolvedTriggerBase>]>([
    [{ rateLimit: { limit: 1, per: '0s' } }, 'option "rateLimit.per" is "0s"', { rateLimit: null }],
    [{ rateLimit: { limit: 0, per: '1s' } }, 'option "rateLimit.limit" is 0', { rateLimit: null }],
    [{ rateLimit: { limit: 1.5, per: '1s' } }, 'option "rateLimit.limit" is 1.5', { rateLimit: null }],
    [{ priority: 2 ** 31 }, 'option "priority" is 2147483648', { priority: 0 }],
    [{ priority: -(2 ** 31) }, 'option "priority" is -2147483648', { priority: 0 }],
    [{ bigNumbers: 'number' }, 'option "bigNumbers" is "number"', { bigNumbers: null }],
    [{ onLimit: 7 }, 'option "onLimit" is 7', { onLimit: 'delay' }],
    [{ filter: 7 }, 'option "filter" is 7', { filter: null }],
    [{ enabled: undefined, dedup: null }, 'option "dedup" is null', { dedup: { scope: 'off' } }],
    [{ dedup: { for: '0s' } }, 'option "dedup.for" is "0s"', { dedup: { scope: 'off' } }],
    [{ dedup: 'running' }, 'option "dedup" is "running"', { dedup: { scope: 'off' } }],
    [{ workflow: ['gone', 'files'] }, 'starts "gone"', { workflows: [{ name: 'files' }] as never }],
    [{ enabled: () => undefined }, 'option "enabled" is undefined', { enabled: true }],
  ])('puts a default in the place of %j and says what is wrong', async (options, message, resolved) => {
    expect(await resolve(options)).toMatchObject(resolved);
    expect(messages()).toEqual([expect.stringContaining(`TRG_DEF_INVALID_OPTION ${WHERE}, ${message}`)]);
  });

  it('lets forRoot switch before what the decorator says', async () => {
    expect((await resolve({ enabled: true }, {}, { inbox: { enabled: false } })).enabled).toBe(false);
    expect((await resolve({ enabled: false }, {}, { inbox: {} })).enabled).toBe(false);
  });

  describe('an option from configuration', () => {
    it('is asked for once, in the whole application unless it says otherwise', async () => {
      const answer = await resolverOf().fromConfig(async (ref) => {
        await ref.resolve('scoped' as never, 'context' as never);
        await ref.resolve('strict' as never, undefined, { strict: true });
        ref.get('strict' as never, { strict: true });
        return ref.get<string>('config');
      }, WHERE);
      expect([answer(), answer()]).toEqual(['config', 'config']);
      expect(app.asked).toEqual([
        ['scoped', 'context', { strict: false }],
        ['strict', undefined, { strict: true }],
        ['strict', { strict: true }],
        ['config', { strict: false }],
      ]);
    });

    it('that throws is a definition error with its cause', async () => {
      const cause = new Error('no config');
      const answer = await resolverOf().fromConfig(() => Promise.reject(cause), WHERE);
      expect(answer).toThrow(
        expect.objectContaining({
          code: 'TRG_DEF_INVALID_OPTION',
          message: expect.stringMatching(/Inbox\.look.*no config/),
          cause,
        }),
      );
    });

    it('that is a value is that value', async () => {
      expect((await resolverOf().fromConfig('5s', WHERE))()).toBe('5s');
    });
  });

  it('knows the name of a workflow that a trigger follows, and says of whom it is unknown', () => {
    const require = jest.fn(() => ({ name: 'files' }));
    const resolver = new TriggerBaseResolver(
      { require } as unknown as WorkflowRegistry,
      new TriggerOverrides({}),
      app as unknown as ModuleRef,
    );
    expect(resolver.nameOf('filed', WHERE)).toBe('files');
    expect(require).toHaveBeenCalledWith('filed', WHERE, 'follows');
  });
});
