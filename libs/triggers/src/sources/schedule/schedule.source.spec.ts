import { Injectable, Module } from '@nestjs/common';
import type { LoggerService } from '@nestjs/common';
import { IntakeService } from '../../intake/intake.service.js';
import type { TriggerOverride } from '../../intake/trigger-overrides.js';
import { Clock } from '../../model/clock.js';
import { EventBus } from '../../model/events.js';
import { TestClock } from '../../testing/test-clock.js';
import { PollerService } from '../poll/poller.service.js';
import { REPORT, moduleWith, problemsOf } from '../discovery-kit.contract.js';
import type { Declares } from '../discovery-kit.contract.js';
import { CronTrigger, IntervalTrigger } from './schedule.decorators.js';
import { nextTicks } from './schedule.definition.js';
import type { ScheduleDefinition } from './schedule.definition.js';
import type { CronTriggerOptions, IntervalTriggerOptions } from './schedule.options.js';
import { SCHEDULE_PROVIDERS } from './schedule.providers.js';
import { ScheduleSource } from './schedule.source.js';

@Module({ providers: [{ provide: 'ZONE', useValue: 'Europe/Berlin' }] })
class ConfigModule {}

interface Explored {
  readonly found: readonly ScheduleDefinition[];
  /** What is wrong, as one text. */
  readonly problems: string;
  /** Names of what the poller was given. */
  readonly polled: readonly string[];
  readonly warnings: readonly string[];
}

async function explore(
  providers: readonly Declares[],
  overrides: Record<string, TriggerOverride> = {},
): Promise<Explored> {
  const polled: string[] = [];
  const warnings: string[] = [];
  const services = [
    { provide: Clock, useValue: new TestClock() },
    { provide: EventBus, useValue: {} },
    { provide: IntakeService, useValue: {} },
    { provide: PollerService, useValue: { add: ({ name }: ScheduleDefinition) => polled.push(name) } },
  ];
  const module = await moduleWith(
    { imports: [ConfigModule], providers: [...providers, ...SCHEDULE_PROVIDERS, ...services] },
    overrides,
  );
  module.useLogger({ warn: (message: string) => warnings.push(message) } as unknown as LoggerService);
  const source = module.get(ScheduleSource);
  const found = await source.discover();
  await source.start();
  return { found, problems: problemsOf(module), polled, warnings };
}

function cronWith(options: Partial<CronTriggerOptions>): new () => object {
  @Injectable()
  class Reports {
    @CronTrigger({ workflow: 'report', cron: '0 3 * * *', ...options })
    nightly(): void {}
  }
  return Reports;
}

function intervalWith(options: Partial<IntervalTriggerOptions>): new () => object {
  @Injectable()
  class Cleanups {
    @IntervalTrigger({ workflow: 'report', every: '15m', ...options } as never)
    cleanup(): void {}
  }
  return Cleanups;
}

describe('ScheduleSource', () => {
  // Cloacina case 41
  it('fills in the defaults and gives what it finds to the poller', async () => {
    const { found, problems, polled, warnings } = await explore([cronWith({}), intervalWith({})]);
    expect([problems, warnings]).toEqual(['', []]);
    const defaults = {
      kind: 'schedule',
      workflows: [REPORT],
      enabled: true,
      pollIntervalMs: null,
      timeoutMs: 30_000,
      suspendAfter: 20,
      catchUp: 'skip',
      maxLatenessMs: 60_000,
      dedup: { scope: 'window', windowMs: 604_800_000 },
    };
    expect(found).toMatchObject([
      {
        ...defaults,
        name: 'nightly',
        label: 'Reports.nightly',
        options: { cron: '0 3 * * *', timeZone: 'UTC', catchUp: 'skip', maxLateness: '1m', timeout: '30s' },
      },
      { ...defaults, name: 'cleanup', options: { every: '15m', catchUp: 'skip', maxLateness: '1m', timeout: '30s' } },
    ]);
    expect(polled).toEqual(['nightly', 'cleanup']);
  });

  it('takes several schedules on one method, and options from configuration', async () => {
    @Injectable()
    class Reports {
      @CronTrigger({ workflow: 'report', name: 'a', cron: async () => '0 3 * * *', timeZone: (ref) => ref.get('ZONE') })
      @CronTrigger({ workflow: 'report', name: 'b', cron: '30 * * * * *', catchUp: 'all', maxLateness: '2h' })
      @IntervalTrigger({ workflow: 'report', name: 'c', every: () => '60m' })
      report(): void {}
    }
    const { found, problems } = await explore([Reports], { b: { enabled: false } });
    expect(problems).toBe('');
    expect(found).toMatchObject([
      { name: 'a', timing: { of: '0 3 * * * Europe/Berlin' } },
      { name: 'b', enabled: false, catchUp: 'all', maxLatenessMs: 7_200_000 },
      { name: 'c', timing: { of: 'every 1h' } },
    ]);
    const [now, first] = [Date.parse('2026-01-01T00:00:00Z'), new Date('2026-01-01T00:10:00Z')];
    const next = found.map((definition) => nextTicks(definition, first, now, 2)?.map((tick) => tick.toISOString()));
    expect(next).toEqual([
      ['2026-01-01T02:00:00.000Z', '2026-01-02T02:00:00.000Z'],
      ['2026-01-01T00:00:30.000Z', '2026-01-01T00:01:30.000Z'],
      ['2026-01-01T01:10:00.000Z', '2026-01-01T02:10:00.000Z'],
    ]);
  });

  // Cloacina case 31, Cloacina case 40
  it.each([
    ['no expression', { cron: '' }, '"" is no cron expression'],
    ['too few fields', { cron: '* *' }, '"* *" is no cron expression'],
    ['too many fields', { cron: '* * * * * * *' }, 'is no cron expression'],
    ['a nickname', { cron: '@daily' }, '"@daily" is no cron expression'],
    ['a random field', { cron: 'H * * * *' }, '"H * * * *" is no cron expression'],
    ['a value out of range', { cron: '0 24 * * *' }, 'is no cron expression'],
    ['no text', { cron: 7 as never }, '7 is no cron expression'],
    ['an unknown zone', { timeZone: 'Mars/Olympus' }, 'option "timeZone": "Mars/Olympus" is no time zone'],
    ['an offset for a zone', { timeZone: '+02:00' }, 'option "timeZone": "+02:00" is no time zone'],
    [
      'an unknown policy',
      { catchUp: 'some' as never },
      'option "catchUp" is "some"; it takes "skip", "latest" or "all"',
    ],
    ['a lateness that nothing meets', { maxLateness: '0s' }, 'option "maxLateness": 0s is too short'],
    ['no duration', { maxLateness: '5 minutes' as never }, 'option "maxLateness": "5 minutes" is no duration'],
    ['a wrong timeout', { timeout: '0s' }, 'option "timeout"'],
    ['a wrong limit of failures', { suspendAfter: -1 }, 'option "suspendAfter"'],
    [
      'a function that throws',
      {
        cron: (): string => {
          throw new Error('no setting');
        },
      },
      'option "cron": the function that should return it threw: no setting',
    ],
  ] as const)('refuses %s', async (_, options, message) => {
    const { problems } = await explore([cronWith(options)]);
    expect(problems).toContain('Trigger "nightly" (Reports.nightly)');
    expect(problems).toContain(message);
  });

  it.each([
    ['999ms', 'option "every": 999ms is too short. Write at least "1s"'],
    [undefined, 'option "every": undefined is no duration'],
    ['366d', 'is no duration'],
  ])('refuses an interval of %s', async (every, message) => {
    expect((await explore([intervalWith({ every: every as never })])).problems).toContain(message);
  });

  it('refuses an interval between polls from forRoot', async () => {
    const { problems } = await explore([cronWith({})], { nightly: { pollInterval: '5m' } });
    expect(problems).toContain('"nightly", which is a schedule trigger and does not poll');
  });

  it('warns of an expression that never fires', async () => {
    const { problems, warnings } = await explore([cronWith({ cron: '0 0 30 2 *' })]);
    expect(problems).toBe('');
    expect(warnings).toEqual([expect.stringMatching(/^Trigger "nightly" never fires: .*"0 0 30 2 \* UTC"/)]);
  });
});
