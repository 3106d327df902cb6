import { Injectable, Module, Scope } from '@nestjs/common';
import type { TriggerOverride } from '../../intake/trigger-overrides.js';
import type { Duration } from '../../model/duration.js';
import { TriggerResult } from '../../model/trigger-result.js';
import { REPORT, moduleWith, problemsOf } from '../discovery-kit.contract.js';
import type { Declares } from '../discovery-kit.contract.js';
import { PollTriggerBuilder } from './poll-trigger.builder.js';
import type { PollDefinition } from './poll-trigger.definition.js';
import { PollTriggerExplorer } from './poll-trigger.explorer.js';
import type { TriggerSource } from './poll.js';
import { Trigger } from './trigger.decorator.js';
import type { TriggerOptions } from './trigger.options.js';

@Module({ providers: [{ provide: 'INTERVAL', useValue: '5s' }] })
class ConfigModule {}

interface Explored {
  readonly found: readonly PollDefinition[];
  /** What is wrong, as one text. */
  readonly problems: string;
}

async function explore(
  providers: readonly Declares[],
  overrides: Record<string, TriggerOverride> = {},
): Promise<Explored> {
  const module = await moduleWith(
    { imports: [ConfigModule], providers: [...providers, PollTriggerBuilder, PollTriggerExplorer] },
    overrides,
  );
  return { found: await module.get(PollTriggerExplorer).explore(), problems: problemsOf(module) };
}

/** A provider whose one method `look` is a trigger with these options. */
function providerWith(options: Partial<TriggerOptions>): new () => object {
  @Injectable()
  class Inbox {
    @Trigger({ workflow: 'report', ...options } as never)
    look(): TriggerResult {
      return TriggerResult.skip();
    }

    onFailure(): void {}
  }
  return Inbox;
}

describe('PollTriggerExplorer', () => {
  // Cloacina case 3, Cloacina case 29
  it('fills in the defaults', async () => {
    const { found, problems } = await explore([providerWith({})]);
    expect(problems).toBe('');
    expect(found).toMatchObject([
      {
        name: 'look',
        kind: 'poll',
        label: 'Inbox.look',
        aliases: [],
        workflows: [REPORT],
        enabled: true,
        pollIntervalMs: 60_000,
        timeoutMs: 30_000,
        suspendAfter: 20,
        dedup: { scope: 'running', cooldown: true },
        filter: null,
        rateLimit: null,
        onLimit: 'delay',
        priority: 0,
        bigNumbers: null,
        options: { pollInterval: '1m', timeout: '30s', allowConcurrent: false },
      },
    ]);
  });

  it('finds several triggers on one method and triggers that are classes, by their names in snake_case', async () => {
    @Trigger({ workflow: 'report' })
    class CSVInbox implements TriggerSource {
      poll(): TriggerResult {
        return TriggerResult.skip('class');
      }
      onTriggerInit(): void {}
    }
    @Injectable({ scope: Scope.REQUEST })
    class Mail {
      @Trigger({ workflow: 'report', name: 'one' })
      @Trigger({ workflow: ['report'], name: 'two', pollInterval: '2s' })
      look(): TriggerResult {
        return TriggerResult.skip('request');
      }
    }
    const { found, problems } = await explore([CSVInbox, Mail]);
    expect(problems).toBe('');
    expect(found.map(({ name }) => name)).toEqual(['csv_inbox', 'one', 'two']);
    expect(found.map(({ onInit }) => onInit !== null)).toEqual([true, false, false]);
    expect(await Promise.all(found.map(({ invoker }) => invoker.invoke([])))).toMatchObject([
      { reason: 'class' },
      { reason: 'request' },
      { reason: 'request' },
    ]);
  });

  it('asks configuration for interval and switch, in any module', async () => {
    const { found, problems } = await explore([
      providerWith({ pollInterval: (ref) => ref.get<Duration>('INTERVAL'), enabled: async () => false }),
    ]);
    expect(problems).toBe('');
    expect(found).toMatchObject([{ pollIntervalMs: 5_000, enabled: false }]);
  });

  it('lets forRoot go before the decorator', async () => {
    const { found, problems } = await explore([providerWith({ pollInterval: '2s', enabled: true })], {
      look: { pollInterval: '9s', enabled: false },
    });
    expect(problems).toBe('');
    expect(found).toMatchObject([{ pollIntervalMs: 9_000, enabled: false, options: { pollInterval: '9s' } }]);
  });

  it.each([
    [{}, { scope: 'running', cooldown: true }],
    [{ cooldown: 'off' }, { scope: 'running', cooldown: false }],
    [{ allowConcurrent: true }, { scope: 'off' }],
    [
      { allowConcurrent: true, dedup: { while: 'running' } },
      { scope: 'running', cooldown: true },
    ],
    [{ dedup: { for: 'ever' } }, { scope: 'ever' }],
    [{ dedup: { for: '7d' } }, { scope: 'window', windowMs: 604_800_000 }],
    [{ dedup: 'off' }, { scope: 'off' }],
  ] as const)('resolves %j to the dedup %j', async (options, dedup) => {
    const { found, problems } = await explore([providerWith(options)]);
    expect(problems).toBe('');
    expect(found[0]?.dedup).toEqual(dedup);
  });

  it.each<[string, Partial<Record<keyof TriggerOptions, unknown>>]>([
    ['[TRG_DEF_INVALID_NAME] Trigger of Inbox.look, option "name": "1st" is no name.', { name: '1st' }],
    [
      '[TRG_DEF_UNKNOWN_WORKFLOW] Trigger "look" (Inbox.look) starts unknown workflow "reprot". Known: "report".',
      { workflow: 'reprot' },
    ],
    [
      '[TRG_DEF_INVALID_DURATION] Trigger "look" (Inbox.look), option "pollInterval": "2 s" is no duration.',
      { pollInterval: '2 s' },
    ],
    ['option "pollInterval": 9ms is too short. Write at least "10ms".', { pollInterval: '9ms' }],
    [
      'option "pollInterval": the function that should return it threw: no config',
      {
        pollInterval: () => {
          throw new Error('no config');
        },
      },
    ],
    ['option "enabled" is "yes"; it takes true or false.', { enabled: () => 'yes' }],
    ['option "timeout": 0s leaves no time to poll.', { timeout: '0s' }],
    ['option "suspendAfter" is -1; it takes a whole number of failures, 0 for never.', { suspendAfter: -1 }],
    ['option "priority" is 1.5; it takes a whole number of at most 32 bits.', { priority: 1.5 }],
    ['option "rateLimit.limit" is 0; it takes a whole number from 1.', { rateLimit: { limit: 0, per: '1m' } }],
    ['option "rateLimit.per": "x" is no duration.', { rateLimit: { limit: 1, per: 'x' } }],
    ['option "onLimit" is "drop"; it takes "delay" or "skip".', { onLimit: 'drop' }],
    ['option "dedup" is true; it takes { while: "running" }', { dedup: true }],
    ['option "dedup.for" is "0s"; it takes a window longer than nothing', { dedup: { for: '0s' } }],
    ['option "filter" is "x"; it takes a function', { filter: 'x' }],
    ['option "allowConcurrent" is no boolean', { allowConcurrent: 'no' }],
    [
      '[TRG_DEF_UNKNOWN_CALLBACK] Trigger "look" (Inbox.look), option "onError": the class of Inbox.look has no method "gone".',
      { onError: 'gone' },
    ],
    ['a trigger cannot be called "events"', { name: 'events' }],
  ])('says %s', async (message, options) => {
    const { problems } = await explore([providerWith(options as never)]);
    expect(problems).toContain(message);
    expect(problems).toContain('1 definition error.');
  });

  it('reports an inherited method in two classes, overrides of unknown triggers and a class without poll together', async () => {
    class Base {
      @Trigger({ workflow: 'report' })
      look(): TriggerResult {
        return TriggerResult.skip();
      }
    }
    @Injectable()
    class First extends Base {}
    @Injectable()
    class Second extends Base {}
    class NoPoll {}
    Trigger({ workflow: 'report' })(NoPoll as never);
    const { problems } = await explore([First, Second, NoPoll], { gone: { enabled: false } });
    expect(problems).toContain('3 definition errors');
    expect(problems).toContain('Two triggers have the name "look": First.look and Second.look.');
    expect(problems).toContain('@Trigger on the class NoPoll: it has no method "poll".');
    expect(problems).toContain('forRoot({ triggers }) overrides "gone", but no trigger has that name. Known: "look".');
  });
});
