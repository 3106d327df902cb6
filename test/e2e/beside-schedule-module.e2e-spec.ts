import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Cron, Interval, ScheduleModule, SchedulerRegistry, Timeout } from '@nestjs/schedule';
import { Trigger, TriggerResult } from 'nestjs-triggers';
import { boot, cleanUp } from '../support/app.js';
import { until } from '../support/until.js';
import { Work } from '../support/work.js';

const ROUNDS = 10;

/** The application's own timers, and how often each was called. */
@Injectable()
class Timers {
  intervals = 0;
  crons = 0;
  timeouts = 0;

  @Interval('own-interval', 40)
  interval(): void {
    this.intervals += 1;
  }

  @Cron('* * * * * *', { name: 'own-cron' })
  cron(): void {
    this.crons += 1;
  }

  @Timeout('own-timeout', 10)
  timeout(): void {
    this.timeouts += 1;
  }
}

@Injectable()
class Source {
  @Trigger({ workflow: Work, pollInterval: '30ms' })
  source() {
    return TriggerResult.skip();
  }
}

describe('an application with its own ScheduleModule', () => {
  afterEach(cleanUp);

  // Review 2
  it.each([
    ['imported before ours', 'before'],
    ['imported after ours', 'after'],
  ])('%s runs its timers exactly as often as without us', async (_what, order) => {
    @Module({ imports: [ScheduleModule.forRoot()], providers: [Timers] })
    class Own {}
    @Module({ imports: [ScheduleModule.forRoot()], providers: [Timers] })
    class Alone {}
    const alone = await NestFactory.createApplicationContext(Alone, { logger: false });
    const app =
      order === 'after'
        ? await boot({ database: 'sqlite', imports: [Own], providers: [Work, Source] })
        : await boot({ database: 'sqlite', module: () => Own, imports: [await triggers()], providers: [Work, Source] });
    const ours = app.nest.get(Timers);
    const theirs = alone.get(Timers);
    const [oursBefore, theirsBefore] = [ours.intervals, theirs.intervals];
    await until(() => theirs.intervals - theirsBefore >= ROUNDS, 'the application alone has counted');
    const counted = ours.intervals - oursBefore;
    await alone.close();

    // Twice as often is what a second ScheduleModule.forRoot() does; one more or less is the moment we looked.
    expect(Math.abs(counted - ROUNDS)).toBeLessThanOrEqual(2);
    expect(ours.timeouts).toBe(1);
    const cronsBefore = ours.crons;
    const from = Date.now();
    await until(() => ours.crons > cronsBefore, 'its cron runs');
    expect(ours.crons - cronsBefore).toBeLessThanOrEqual(Math.ceil((Date.now() - from) / 1_000));
  });

  it('has one registry, with its timers and ours, and is empty of ours after the stop', async () => {
    const app = await boot({
      database: 'sqlite',
      imports: [ScheduleModule.forRoot()],
      providers: [Timers, Work, Source],
    });
    const registry = app.nest.get(SchedulerRegistry);
    expect(registry.getIntervals()).toEqual(['own-interval']);
    expect([...registry.getCronJobs().keys()]).toEqual(['own-cron']);
    await until(() => registry.getTimeouts().includes('triggers:polls'), 'the timer of the polls is shown');
    const foreign = registry.getTimeouts().filter((name) => !name.startsWith('triggers:'));
    expect(foreign).toEqual(['own-timeout']);

    await app.triggers.stop();
    await until(() => !registry.getTimeouts().includes('triggers:polls'), 'it is gone');
    expect(registry.getIntervals()).toEqual(['own-interval']);
    await app.close();
  });
});

async function triggers() {
  const { TriggersModule } = await import('nestjs-triggers');
  return TriggersModule.forRoot({ database: { type: 'sqlite', path: ':memory:' }, admin: false });
}
