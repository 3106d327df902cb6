import { Injectable } from '@nestjs/common';
import { DefinitionErrors, Task, Trigger, TriggerResult, Workflow, taskId } from 'nestjs-triggers';
import { boot, cleanUp } from '../support/app.js';
import type { AppOptions } from '../support/app.js';
import { DIALECTS, newDatabase } from '../support/database.js';
import type { TestDatabase } from '../support/database.js';

@Workflow({ name: 'backup' })
class Backup {
  @Task()
  run(): void {}
}

@Workflow({ name: 'backup' })
class OtherBackup {
  @Task()
  run(): void {}
}

@Workflow({ name: 'circle' })
class Circle {
  @Task({ dependencies: ['second'] })
  first(): void {}

  @Task({ dependencies: ['first'] })
  second(): void {}
}

@Workflow({ name: 'dangling' })
class Dangling {
  @Task({ dependencies: [taskId('nobody')] })
  run(): void {}
}

@Workflow({ name: 'twins' })
class Twins {
  @Task({ id: 'same' })
  one(): void {}

  @Task({ id: 'same' })
  two(): void {}
}

@Workflow({ name: 'slow', onFailure: 'nowhere' as never })
class Slow {
  @Task({ timeout: '90' as never })
  run(): void {}

  @Task({ retry: { attempts: 0 } })
  never(): void {}
}

@Workflow({ name: 'empty' })
class Empty {}

@Workflow({ name: 'bad name' })
class Unnameable {
  @Task()
  run(): void {}
}

@Injectable()
class Triggers {
  @Trigger({ workflow: 'bakup' })
  typo() {
    return TriggerResult.skip();
  }

  @Trigger({ workflow: 'backup', name: 'nightly' })
  one() {
    return TriggerResult.skip();
  }

  @Trigger({ workflow: 'backup', name: 'nightly' })
  two() {
    return TriggerResult.skip();
  }

  @Trigger({ workflow: 'backup', name: 'executions' })
  reserved() {
    return TriggerResult.skip();
  }

  @Trigger({ workflow: 'backup', name: '1st' })
  digits() {
    return TriggerResult.skip();
  }

  @Trigger({ workflow: 'backup', pollInterval: '5 s', timeout: '1M' as never, dedup: { for: '366d' } })
  durations() {
    return TriggerResult.skip();
  }

  @Trigger({
    workflow: 'backup',
    pollInterval: '9ms',
    rateLimit: { limit: 0, per: '1m' },
    onLimit: 'drop' as never,
    priority: 1.5,
    suspendAfter: -1,
    enabled: 'yes' as never,
  })
  options() {
    return TriggerResult.skip();
  }

  @Trigger({ workflow: 'backup', pollInterval: () => Promise.reject(new Error('no such setting')) })
  unset() {
    return TriggerResult.skip();
  }
}

/** Code and the words that name the culprit, of everything that is wrong above. */
const EXPECTED: readonly (readonly [code: string, words: RegExp])[] = [
  ['TRG_DEF_DUPLICATE_WORKFLOW', /"backup".*Backup.*OtherBackup/],
  ['TRG_DEF_TASK_CYCLE', /"circle".*first.*second/],
  ['TRG_DEF_UNKNOWN_DEPENDENCY', /"dangling".*"nobody"/],
  ['TRG_DEF_DUPLICATE_TASK', /"twins".*"same"/],
  ['TRG_DEF_INVALID_DURATION', /"slow".*"run".*"timeout".*"90"/],
  ['TRG_DEF_INVALID_OPTION', /"slow".*"never".*attempts/],
  ['TRG_DEF_UNKNOWN_CALLBACK', /"slow".*"nowhere"/],
  ['TRG_DEF_NO_TASKS', /"empty"/],
  ['TRG_DEF_INVALID_NAME', /bad name/],
  ['TRG_DEF_UNKNOWN_WORKFLOW', /"typo".*"bakup".*Known: .*"backup"/],
  ['TRG_DEF_DUPLICATE_TRIGGER', /"nightly".*one.*two/],
  ['TRG_DEF_RESERVED_NAME', /"executions"/],
  ['TRG_DEF_INVALID_NAME', /"1st"/],
  ['TRG_DEF_INVALID_DURATION', /"durations".*"pollInterval".*"5 s"/],
  ['TRG_DEF_INVALID_DURATION', /"durations".*"timeout".*"1M"/],
  ['TRG_DEF_INVALID_DURATION', /"durations".*"dedup.for".*"366d"/],
  ['TRG_DEF_INVALID_OPTION', /"options".*"pollInterval".*9ms/],
  ['TRG_DEF_INVALID_OPTION', /"options".*"rateLimit.limit"/],
  ['TRG_DEF_INVALID_OPTION', /"options".*"onLimit".*"drop"/],
  ['TRG_DEF_INVALID_OPTION', /"options".*"priority".*1\.5/],
  ['TRG_DEF_INVALID_OPTION', /"options".*"suspendAfter".*-1/],
  ['TRG_DEF_INVALID_OPTION', /"options".*"enabled".*"yes"/],
  ['TRG_DEF_INVALID_OPTION', /"unset".*"pollInterval".*no such setting/],
  ['TRG_DEF_INVALID_OPTION', /forRoot.*"nobodys"/],
  ['TRG_DEF_INVALID_OPTION', /worker\.concurrency.*0/],
  ['TRG_DEF_INVALID_DURATION', /retention\.skips.*"1 day"/],
];

const WRONG = {
  providers: [Backup, OtherBackup, Circle, Dangling, Twins, Slow, Empty, Unnameable, Triggers],
  options: {
    triggers: { nobodys: { enabled: false } },
    worker: { concurrency: 0 },
    retention: { skips: '1 day' as never },
  },
};

describe.each(DIALECTS)('an application with wrong definitions, on %s', (dialect) => {
  let database: TestDatabase;
  beforeEach(async () => {
    database = await newDatabase(dialect);
  });
  afterEach(cleanUp);

  const refusal = (options: Omit<AppOptions, 'database'>): Promise<unknown> =>
    boot({ ...options, database }).then(
      () => new Error('it started'),
      (error: unknown) => error,
    );

  // Cloacina case 119
  it('is told all of them at once', async () => {
    const error = (await refusal(WRONG)) as DefinitionErrors;
    expect(error).toBeInstanceOf(DefinitionErrors);
    const unmatched = EXPECTED.filter(
      ([code, words]) => !error.problems.some((problem) => problem.code === code && words.test(problem.message)),
    );
    expect(unmatched).toEqual([]);
    for (const { message } of error.problems) expect(error.message).toContain(message);
    expect(error.message).toContain(`${error.problems.length} definition errors`);
  });

  it('does not start, and leaves no database behind', async () => {
    expect(await refusal(WRONG)).toMatchObject({ code: 'TRG_DEF_INVALID' });
    expect(await database.hasTables()).toBe(false);
  });

  it('starts when they are right', async () => {
    await boot({ providers: [Backup], database });
    expect(await database.hasTables()).toBe(true);
  });
});
