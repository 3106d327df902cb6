// The code of docs/guides/testing-your-triggers.md, run.
import { Injectable } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import {
  Task,
  Trigger,
  TriggerResult,
  TriggersModule,
  TriggersService,
  Workflow,
  WorkflowRunner,
} from 'nestjs-triggers';
import type { Poll, TaskContext } from 'nestjs-triggers';

// #region classes
@Workflow({ name: 'greeting' })
class Greeting {
  @Task()
  greet(context: TaskContext<{ name: string }>) {
    return { text: `Hello ${context.data.name}` };
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
  const poll = { cursor: { after: 'Ada' } } as Poll<{ after: string }>;
  expect(new Guests().arrived(poll).reason).toBe('nobody new');
});
// #endregion

// #region booted
it('greets whoever arrives, once', async () => {
  const module = await Test.createTestingModule({
    imports: [TriggersModule.forRoot({ database: { type: 'sqlite', path: ':memory:' }, admin: false })],
    providers: [Greeting, Guests],
  }).compile();
  await module.init();

  const first = await module.get(TriggersService).poll('guests');
  const second = await module.get(TriggersService).poll('guests');
  const { state, context } = await module.get(WorkflowRunner).execute(Greeting, { name: 'Grace' });

  expect([first.status, second.status]).toEqual(['fired', 'skipped']);
  expect({ state, text: context['text'] }).toEqual({ state: 'completed', text: 'Hello Grace' });
  await module.close();
});
// #endregion
