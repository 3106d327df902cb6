import { WorkflowRunner } from '../admin/workflow-runner.service.js';
import { Task } from '../workflows/task.decorator.js';
import { Workflow } from '../workflows/workflow.decorator.js';
import { DATABASES, gate, useEngineKit } from './engine.contract.js';
import type { TestNode } from './engine.contract.js';
import { ExecutionControl } from './execution-control.service.js';

const HOUR_MS = 3_600_000;
/** A lease is renewed every third of its 30 s; a little later everything has been looked at and claimed. */
const RENEWAL_MS = 12_000;
const DELAY_MS = 40_000;

let ran: string[];
let busy: ReturnType<typeof gate<void>>;
let fans: ReturnType<typeof gate<void>>;

/** Takes the only slot until the test says so. */
@Workflow({ name: 'busy' })
class Busy {
  @Task()
  async only() {
    await busy.opened;
  }

  @Task({ dependencies: ['only'] })
  async after() {
    ran.push('after');
  }
}

/** Two tasks become ready at once, for one slot. */
@Workflow({ name: 'fan' })
class Fan {
  @Task()
  async only() {
    await busy.opened;
  }

  @Task({ dependencies: ['only'] })
  async left() {
    await fans.opened;
    ran.push('left');
  }

  @Task({ dependencies: ['only'] })
  async right() {
    await fans.opened;
    ran.push('right');
  }
}

@Workflow({ name: 'quick' })
class Quick {
  @Task()
  async only() {
    ran.push('quick');
  }
}

/** Its first attempt fails, its second is a while away. */
@Workflow({ name: 'shaky' })
class Shaky {
  @Task({ retry: { attempts: 2, delay: '40s', jitter: 'none' } })
  async only(context: { attempt: number }) {
    ran.push(`attempt ${context.attempt}`);
    if (context.attempt === 1) throw new Error('not yet');
  }
}

const WORKFLOWS = [Busy, Fan, Quick, Shaky];

describe.each(DATABASES)('a clock that is ahead for a moment, between two renewals of a lease, on %s', (database) => {
  const kit = useEngineKit(database);
  beforeEach(() => {
    ran = [];
    busy = gate<void>();
    fans = gate<void>();
  });

  const boot = (): Promise<TestNode> => kit().boot(WORKFLOWS, { worker: { concurrency: 1 } });
  const shift = (ms: number): void => kit().clock.set(new Date(kit().clock.now() + ms));
  /** Everything that `work` does happens an hour ahead of time. */
  const whileAhead = async (work: () => Promise<unknown>, byMs = HOUR_MS): Promise<void> => {
    shift(byMs);
    await work();
    await kit().clock.settle();
    shift(-byMs);
  };

  // Review 18
  it('lets nothing wait that was ready at once', async () => {
    const node = await boot();
    await node.start(Busy);
    await kit().clock.settle();
    await whileAhead(() => Promise.all([node.start(Quick), node.start(Quick)]));
    busy.open();
    await kit().clock.advance(RENEWAL_MS);
    expect(ran.toSorted()).toEqual(['after', 'quick', 'quick']);
  });

  // Review 18
  it('lets no task wait that became ready by the end of another', async () => {
    const node = await boot();
    await node.start(Fan);
    await kit().clock.settle();
    await whileAhead(async () => busy.open());
    fans.open();
    await kit().clock.advance(RENEWAL_MS);
    expect(ran).toEqual(['left', 'right']);
  });

  // Review 18
  it('lets a retry wait for its delay and no longer', async () => {
    const node = await boot();
    await whileAhead(() => node.start(Shaky));
    await kit().clock.advance(DELAY_MS - 1_000);
    expect(ran).toEqual(['attempt 1']);
    await kit().clock.advance(1_000 + RENEWAL_MS);
    expect(ran).toEqual(['attempt 1', 'attempt 2']);
  });

  it('lets no task wait that an operator retried', async () => {
    const node = await boot();
    const id = await node.start(Busy);
    await kit().clock.settle();
    const control = node.get(ExecutionControl);
    await control.cancel(id, 'ada');
    busy.open();
    await kit().clock.settle();
    busy = gate<void>();
    await node.start(Busy);
    await kit().clock.settle();
    await whileAhead(() => control.retry(id, 'ada'));
    busy.open();
    await kit().clock.advance(RENEWAL_MS);
    expect(ran).toEqual(['after', 'after']);
  });

  // Review 18
  it('lets nothing wait that a process left behind which died then', async () => {
    const dying = await boot();
    await dying.start(Busy);
    await kit().clock.settle();
    await whileAhead(async () => {
      await dying.start(Quick);
      dying.crash();
    });
    busy.open();
    await boot();
    await kit().clock.advance(30_000 + 2 * RENEWAL_MS);
    expect(ran.toSorted()).toEqual(['after', 'quick']);
  });

  // Review 18
  it('lets no lease of a process last longer that began and died then', async () => {
    await whileAhead(async () => {
      const node = await boot();
      await node.start(Busy);
      await kit().clock.settle();
      node.crash();
    });
    busy.open();
    await boot();
    await kit().clock.advance(30_000 + 3 * RENEWAL_MS);
    expect(ran).toEqual(['after']);
  });

  // Review 18
  it('starts what somebody planned no sooner than planned', async () => {
    const node = await boot();
    const runAt = new Date(kit().clock.now() + 2 * DELAY_MS);
    await whileAhead(() => node.get(WorkflowRunner).start(Quick, {}, { runAt }), DELAY_MS);
    await kit().clock.advance(2 * DELAY_MS - 1_000);
    expect(ran).toEqual([]);
    await kit().clock.advance(2_000);
    expect(ran).toEqual(['quick']);
  });
});
