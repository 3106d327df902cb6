// The code of docs/guides/testing-your-triggers.md, run.
import { Injectable, Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { Task, Trigger, TriggerResult, TriggersModule, Workflow } from 'nestjs-triggers';
import type { Poll, TaskContext } from 'nestjs-triggers';
import { TriggersTestKit, pollOf, taskContext } from 'nestjs-triggers/testing';

// #region classes
@Injectable()
class Printer {
  print(text: string): string {
    return `printed ${text}`;
  }
}

@Workflow({ name: 'greeting' })
class Greeting {
  constructor(private readonly printer: Printer) {}

  @Task({ retry: { attempts: 3, delay: '1m', jitter: 'none' } })
  greet(context: TaskContext<{ name: string }>) {
    return { card: this.printer.print(`Hello ${context.data.name}`) };
  }
}

@Injectable()
class Guests {
  @Trigger({ workflow: Greeting, name: 'guests', pollInterval: '1h' })
  arrived(poll: Poll<{ after: string }>) {
    if (poll.cursor?.after === 'Ada') return TriggerResult.skip('nobody new');
    return TriggerResult.fire({ name: 'Ada' }, { cursor: { after: 'Ada' } });
  }
}
// #endregion

// #region alone
it('asks only for what came after the cursor', () => {
  expect(new Guests().arrived(pollOf({ cursor: { after: 'Ada' } })).reason).toBe('nobody new');
});

it('greets by name', () => {
  const greeting = new Greeting(new Printer());
  expect(greeting.greet(taskContext({ data: { name: 'Ada' } }))).toEqual({ card: 'printed Hello Ada' });
});
// #endregion

// #region kit
describe('the guests', () => {
  let kit: TriggersTestKit;
  beforeEach(async () => {
    kit = await TriggersTestKit.create({ providers: [Greeting, Guests, Printer] });
  });
  afterEach(() => kit.close());

  it('are greeted when they arrive, once', async () => {
    const { status, executionIds } = await kit.poll('guests');
    expect(status).toBe('fired');
    expect(await kit.result(executionIds[0])).toMatchObject({
      state: 'completed',
      result: { card: 'printed Hello Ada' },
    });
    expect(await kit.poll('guests')).toMatchObject({ status: 'skipped', reason: 'nobody new' });
  });

  it('are greeted by hand too', async () => {
    const { state, context } = await kit.runner.execute(Greeting, { name: 'Grace' });
    expect({ state, card: context['card'] }).toEqual({ state: 'completed', card: 'printed Hello Grace' });
  });
});
// #endregion

// #region application
@Module({ imports: [TriggersModule.forRoot()], providers: [Greeting, Guests, Printer] })
class AppModule {}

it('tries again when the printer is out of paper', async () => {
  let sheets = 0;
  const print = (text: string) => {
    if (sheets === 0) throw new Error('out of paper');
    return text;
  };
  const builder = Test.createTestingModule({ imports: [AppModule] })
    .overrideProvider(Printer)
    .useValue({ print });
  const kit = await TriggersTestKit.from(builder);

  await kit.runner.start(Greeting, { name: 'Ada' });
  const { error } = await kit.events.next('task.retrying');
  expect(error).toBe('out of paper');
  expect(await kit.drain()).toMatchObject({ completed: 0, later: 1 });

  sheets = 1;
  await kit.triggers.setEnabled('guests', false);
  expect(await kit.drain({ through: '10m' })).toEqual({ completed: 1, failed: 0, cancelled: 0, later: 0 });
  expect(await kit.check()).toEqual([]);
  await kit.close();
});
// #endregion
