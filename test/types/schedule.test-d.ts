import { TriggerResult } from '../../libs/triggers/src/model/trigger-result.js';
import type { ScheduleTick, ScheduledContext } from '../../libs/triggers/src/sources/schedule/schedule-tick.js';
import { CronTrigger, IntervalTrigger } from '../../libs/triggers/src/sources/schedule/schedule.decorators.js';
import type { TaskContext } from '../../libs/triggers/src/workflows/task-context.js';

class Reports {
  write(_context: TaskContext<ScheduledContext>): void {}
}

class Imports {
  read(_context: TaskContext<{ readonly file: string }>): void {}
}

class Untyped {
  read(_context: TaskContext): void {}
}

class Config {
  readonly cron = '0 3 * * *';
  readonly every = '5m' as const;
}

export class Accepted {
  @CronTrigger({
    workflow: Reports,
    cron: '0 3 * * *',
    timeZone: 'Europe/Berlin',
    catchUp: 'latest',
    maxLateness: '5m',
  })
  empty(): void {}

  @CronTrigger({ workflow: Untyped, name: 'one', cron: (ref) => ref.get(Config).cron })
  @IntervalTrigger({ workflow: 'by_name', name: 'two', every: (ref) => ref.get(Config).every })
  async nothing(_tick: ScheduleTick): Promise<void> {}

  @IntervalTrigger({ workflow: Reports, every: '1h', filter: (context) => context.scheduledFor !== '' })
  async sometimes(tick?: ScheduleTick) {
    if (tick?.lastFiredAt === null) return TriggerResult.skip('the first');
    return undefined;
  }

  @CronTrigger({ workflow: Imports, cron: '0 3 * * *' })
  other({ scheduledFor }: ScheduleTick): TriggerResult<{ file: string }> {
    return TriggerResult.fire({ file: scheduledFor.toISOString() });
  }
}

export class Refused {
  // @ts-expect-error -- the workflow takes a file
  @CronTrigger({ workflow: Imports, cron: '0 3 * * *' })
  nothing(): void {}

  // @ts-expect-error -- the workflow takes a file
  @CronTrigger({ workflow: [Reports, Imports], cron: '0 3 * * *' })
  async wrongContext() {
    return TriggerResult.fire({ scheduledFor: 'now' });
  }

  // @ts-expect-error -- one of the two ways fires nothing of what the workflow takes
  @IntervalTrigger({ workflow: Imports, every: '1h' })
  sometimesNothing(tick: ScheduleTick) {
    return tick.dryRun ? TriggerResult.fire({ file: 'a' }) : undefined;
  }

  // @ts-expect-error -- a schedule says nothing or what it found
  @IntervalTrigger({ workflow: Reports, every: '1h' })
  returnsBoolean(): boolean {
    return true;
  }

  // @ts-expect-error -- a schedule takes its tick
  @IntervalTrigger({ workflow: Reports, every: '1h' })
  takesText(_text: string): void {}

  // @ts-expect-error -- and nothing else
  @IntervalTrigger({ workflow: Reports, every: '1h' })
  takesMore(_tick: ScheduleTick, _more: number): void {}

  // @ts-expect-error -- no duration
  @IntervalTrigger({ workflow: Reports, every: '1 hour' })
  badEvery(): void {}

  // @ts-expect-error -- an expression is needed
  @CronTrigger({ workflow: Reports })
  noCron(): void {}

  // @ts-expect-error -- no instance would be called
  @IntervalTrigger({ workflow: Reports, every: '1h' })
  static ofTheClass(): void {}
}
