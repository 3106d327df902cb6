import { FaultyDialect } from '../store/contract/faulty-dialect.contract.js';
import { Task } from '../workflows/task.decorator.js';
import type { TaskContext } from '../workflows/task-context.js';
import { Workflow } from '../workflows/workflow.decorator.js';
import { DATABASES, gate, useEngineKit } from './engine.contract.js';
import { EngineService } from './engine.service.js';

let log: string[] = [];
let body: (context: TaskContext) => Promise<void>;

@Workflow({ name: 'work' })
class Work {
  @Task({ retry: { attempts: 2, delay: '1s', jitter: 'none' } })
  async first(context: TaskContext): Promise<void> {
    log.push(`first ${context.attempt}`);
    await body(context);
  }

  @Task({ dependencies: ['first'] })
  async second(): Promise<void> {
    log.push('second');
  }
}

describe.each(DATABASES)('a shutdown on %s', (database) => {
  const kit = useEngineKit(database);
  beforeEach(() => (log = []));

  it('lets a body end, and leaves what follows to the next process', async () => {
    const working = gate();
    body = () => working.opened;
    const node = await kit().boot([Work]);
    await node.start(Work);
    await kit().clock.settle();
    kit().clock.setTimer(() => working.open(), 1_000);
    await kit().shutDown(node, 5_000);
    expect(log).toEqual(['first 1']);
    const next = await kit().boot([Work]);
    await kit().clock.advance(1_000);
    expect(log).toEqual(['first 1', 'second']);
    expect(await next.rows('execution')).toMatchObject([{ state: 'completed' }]);
  });

  it('aborts what does not end in time, and puts it back without spending an attempt or a rescue', async () => {
    body = ({ signal }) =>
      new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
    const node = await kit().boot([Work], { shutdown: { drain: '3s' } });
    await node.start(Work);
    await kit().clock.settle();
    await kit().shutDown(node, 3_000);
    const next = await kit().boot([]);
    expect((await next.rows('task'))[0]).toMatchObject({
      state: 'ready',
      attempt: 1,
      rescues: 0,
      attempts: null,
      error: null,
    });
  });

  it('does not wait for a body that does not look at its signal', async () => {
    const never = gate();
    body = () => never.opened;
    const node = await kit().boot([Work], { shutdown: { drain: '3s' } });
    await node.start(Work);
    await kit().clock.settle();
    await kit().shutDown(node, 4_000);
    const next = await kit().boot([]);
    expect((await next.rows('task'))[0]).toMatchObject({ state: 'ready', attempt: 1 });
  });

  // Review 27
  it('puts back a body that throws after the stop began: its connections may be gone', async () => {
    const working = gate();
    body = () => working.opened;
    const node = await kit().boot([Work]);
    await node.start(Work);
    await kit().clock.settle();
    kit().clock.setTimer(() => working.fail(new Error('connection closed')), 1_000);
    await kit().shutDown(node, 5_000);
    body = () => Promise.resolve();
    await kit().boot([Work]);
    await kit().clock.advance(1_000);
    expect(log).toEqual(['first 1', 'first 1', 'second']);
  });

  it('counts failures again when the engine of the process is started again', async () => {
    body = () => Promise.reject(new Error('broken'));
    const node = await kit().boot([Work]);
    const engine = node.get(EngineService);
    await engine.stopClaiming();
    await engine.drain();
    await engine.start();
    await node.start(Work);
    await kit().clock.advance(10_000);
    expect(log).toEqual(['first 1', 'first 2']);
    expect(await node.rows('execution')).toMatchObject([{ state: 'failed' }]);
  });

  it('gives its lease back', async () => {
    body = () => Promise.resolve();
    const node = await kit().boot([Work]);
    const { nodeId } = node;
    await kit().shutDown(node, 1_000);
    const next = await kit().boot([]);
    expect((await next.rows('node')).map((row) => row['id'])).not.toContain(nodeId);
  });

  it('ends although the database stays away, and went away in the middle of the COMMIT of a claim', async () => {
    const node = await kit().boot([]);
    const faulty = new FaultyDialect(node.store.dialect);
    const { commits } = node.store;
    const submit = commits.submit.bind(commits);
    let claims = 0;
    jest.spyOn(commits, 'submit').mockImplementation((kind, item, options) => {
      if ((kind as { name: string }).name === 'claim') {
        claims += 1;
        faulty.faults = ['lostAfter', ...Array.from({ length: 1_000 }, () => 'away' as const)];
      }
      return submit(kind, item, options);
    });
    await kit().clock.advance(1_500);
    expect(claims).toBeGreaterThan(0);
    await kit().shutDown(node);
  });

  it('tells whoever waits for an execution that it goes on later', async () => {
    const working = gate();
    body = () => working.opened;
    const node = await kit().boot([Work]);
    const waiting = expect(node.execute(Work)).rejects.toMatchObject({ code: 'TRG_ENG_STOPPED' });
    await kit().clock.settle();
    await kit().shutDown(node, 30_000);
    await waiting;
    working.open();
  });
});
