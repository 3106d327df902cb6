import { TriggersService } from './admin/triggers.service.js';
import { CallbacksService } from './callbacks/callbacks.service.js';
import { DATABASES, gate, useEngineKit } from './engine/engine.contract.js';
import type { TestNode } from './engine/engine.contract.js';
import { Trigger } from './sources/poll/trigger.decorator.js';
import { UnpolledTriggers } from './sources/unpolled-triggers.service.js';
import { TriggerResult } from './model/trigger-result.js';
import { Task } from './workflows/task.decorator.js';
import { Workflow } from './workflows/workflow.decorator.js';

@Workflow({ name: 'work' })
class Work {
  @Task()
  async run(): Promise<void> {}
}

let polls: number;

class Inbox {
  @Trigger({ workflow: Work, pollInterval: '1s' })
  looks(): TriggerResult {
    polls += 1;
    return TriggerResult.skip();
  }
}

describe.each(DATABASES)('a stop on %s', (database) => {
  const kit = useEngineKit(database);
  beforeEach(() => (polls = 0));

  /** Starts, and stops while `asked` of that service is not answered yet. */
  const stopDuring = async (hang: (node: TestNode, until: Promise<void>) => void): Promise<TestNode> => {
    const node = await kit().boot([Work, Inbox], { autostart: false });
    const answer = gate();
    hang(node, answer.opened);
    const triggers = node.get(TriggersService);
    const starting = triggers.start();
    await kit().clock.settle();
    const stopping = triggers.stop();
    await kit().clock.settle();
    answer.open();
    await Promise.all([starting, stopping]);
    return node;
  };

  it('that comes before the sources have started starts none of them', async () => {
    await stopDuring((node, until) => {
      jest.spyOn(node.get(CallbacksService), 'runOnce').mockImplementation(async () => {
        await until;
        return { told: 0 };
      });
    });
    await kit().clock.advance(5_000);
    expect(polls).toBe(0);
  });

  it('that comes while the sources start goes on with none of them', async () => {
    await stopDuring((node, until) => {
      jest.spyOn(node.get(UnpolledTriggers), 'declare').mockImplementation(() => until);
    });
    await kit().clock.advance(5_000);
    expect(polls).toBe(0);
  });

  it('is followed by another start, which polls', async () => {
    const node = await stopDuring((found, until) => {
      jest.spyOn(found.get(UnpolledTriggers), 'declare').mockImplementationOnce(() => until);
    });
    await node.get(TriggersService).start();
    await kit().clock.advance(5_000);
    expect(polls).toBeGreaterThan(3);
  });
});
