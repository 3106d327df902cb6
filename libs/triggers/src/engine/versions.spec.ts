import type { TriggersError } from '../model/errors.js';
import { Task } from '../workflows/task.decorator.js';
import { Workflow } from '../workflows/workflow.decorator.js';
import { DATABASES, gate, useEngineKit } from './engine.contract.js';
import type { TestNode } from './engine.contract.js';

let log: string[] = [];

function versionOne() {
  @Workflow({ name: 'files' })
  class Files {
    @Task()
    async read(): Promise<void> {
      log.push('read');
      await gate().opened;
    }

    @Task({ dependencies: ['read'] })
    async store(): Promise<void> {
      log.push('store of version one');
    }
  }
  return Files;
}

/** One more task: what is unfinished of an old execution still exists as it was. */
function compatible() {
  @Workflow({ name: 'files' })
  class Files {
    @Task()
    async read(): Promise<void> {
      log.push('read of version two');
    }

    @Task({ dependencies: ['read'] })
    async store(): Promise<void> {
      log.push('store of version two');
    }

    @Task({ dependencies: ['store'] })
    async report(): Promise<void> {
      log.push('report');
    }
  }
  return Files;
}

/** `store` is gone. */
function incompatible() {
  @Workflow({ name: 'files', onFailure: (_task, error) => void log.push(`told ${(error as TriggersError).code}`) })
  class Files {
    @Task()
    async read(): Promise<void> {
      log.push('read of version three');
    }
  }
  return Files;
}

@Workflow({ name: 'copies' })
class Copies {
  @Task()
  async copy(): Promise<void> {}
}

@Workflow({ name: 'copies' })
class MoreCopies extends Copies {
  @Task({ dependencies: ['copy'] })
  async check(): Promise<void> {}
}

describe.each(DATABASES)('an execution whose workflow changes on %s', (database) => {
  const kit = useEngineKit(database);
  beforeEach(() => (log = []));

  const interrupted = async (): Promise<void> => {
    const One = versionOne();
    const node = await kit().boot([One], { shutdown: { drain: '1s' } });
    await node.start(One);
    await kit().clock.settle();
    await kit().shutDown(node, 3_000);
    log = [];
  };
  const states = async (node: TestNode): Promise<unknown> => (await node.rows('execution')).map((row) => row['state']);

  it('goes on with a version that still has its tasks, on the graph it started with', async () => {
    await interrupted();
    const next = await kit().boot([compatible()]);
    await kit().clock.advance(2_000);
    expect(log).toEqual(['read of version two', 'store of version two']);
    expect(await states(next)).toEqual(['completed']);
  });

  it('waits ten minutes for a version that has its tasks, then fails and names what is missing', async () => {
    await interrupted();
    const next = await kit().boot([incompatible()]);
    await kit().clock.advance(599_000);
    expect(await states(next)).not.toContain('failed');
    await kit().clock.advance(25_000);
    expect([log, await states(next)]).toEqual([['told TRG_WORKFLOW_CHANGED'], ['failed']]);
    const [execution] = await next.rows('execution');
    expect(JSON.parse(execution?.['error'] as string)).toMatchObject({
      code: 'TRG_WORKFLOW_CHANGED',
      message: expect.stringContaining('"store"'),
    });
  });

  it('is given ten minutes from the deploy on, however long it has waited before', async () => {
    await interrupted();
    await kit().clock.advance(3_600_000);
    const next = await kit().boot([incompatible()]);
    await kit().clock.advance(60_000);
    expect(await states(next)).not.toContain('failed');
    await kit().shutDown(next, 1_000);
    const back = await kit().boot([compatible()]);
    await kit().clock.advance(2_000);
    expect(await states(back)).toEqual(['completed']);
  });

  it('goes on also behind hundreds of others that nobody can continue', async () => {
    const One = versionOne();
    const node = await kit().boot([One, Copies], { shutdown: { drain: '1s' }, worker: { concurrency: 1 } });
    for (let count = 0; count < 250; count += 1) await node.start(One);
    await kit().clock.advance(1);
    await node.start(Copies);
    await kit().shutDown(node, 3_000);
    const next = await kit().boot([incompatible(), MoreCopies]);
    await kit().clock.advance(12_000);
    const copies = (await next.rows('execution')).filter((row) => row['workflow'] === 'copies');
    expect(copies).toMatchObject([{ state: 'completed' }]);
  });

  it('fails when nobody declares the workflow any more, and can be retried when somebody does', async () => {
    await interrupted();
    const none = await kit().boot([]);
    await kit().clock.advance(625_000);
    expect(await none.rows('execution')).toMatchObject([{ state: 'failed', callback_state: null }]);
    await kit().shutDown(none, 1_000);
    const next = await kit().boot([compatible()]);
    const { ExecutionControl } = await import('./execution-control.service.js');
    await next.get(ExecutionControl).retry((await next.rows('execution'))[0]?.['id'] as never);
    await kit().clock.advance(12_000);
    expect(await states(next)).toEqual(['completed']);
  });

  if (database === 'postgres') {
    it('is left alone while a living node declares its version', async () => {
      const One = versionOne();
      const old = await kit().boot([One], { worker: { concurrency: 1 } });
      await old.start(One);
      await old.start(One);
      await kit().clock.settle();
      const next = await kit().boot([incompatible()]);
      await kit().clock.advance(900_000);
      expect(await states(next)).not.toContain('failed');
    });
  }
});
