import { Task } from '../workflows/task.decorator.js';
import { Workflow } from '../workflows/workflow.decorator.js';
import { gate, useEngineKit } from './engine.contract.js';
import { EngineService } from './engine.service.js';

let ran: string[] = [];
let body: () => Promise<void> = () => Promise.resolve();

@Workflow({ name: 'work' })
class Work {
  @Task()
  async only(): Promise<void> {
    ran.push('ran');
    await body();
  }
}

describe('two processes on one SQLite file', () => {
  const kit = useEngineKit('sqlite');
  beforeEach(() => {
    ran = [];
    body = () => Promise.resolve();
  });
  const state = (node: { get: (type: typeof EngineService) => EngineService }): string => node.get(EngineService).state;

  it('run one engine; the other one waits, and what it fires is run by the first', async () => {
    const owner = await kit().boot([Work]);
    const second = await kit().boot([Work]);
    expect([state(owner), state(second)]).toEqual(['running', 'waiting']);
    await second.start(Work);
    await kit().clock.advance(2_000);
    expect(ran).toEqual(['ran']);
    expect(owner.told('task')).toEqual(['task.started', 'task.completed']);
    expect(second.told('task')).toEqual([]);
  });

  it('can wait for executions that the other one runs', async () => {
    await kit().boot([Work]);
    const second = await kit().boot([Work]);
    expect((await second.execute(Work, {}, 3_000)).state).toBe('completed');
  });

  it('change places within a second when the owner leaves', async () => {
    const owner = await kit().boot([Work]);
    const second = await kit().boot([Work]);
    await kit().shutDown(owner, 2_000);
    expect(state(second)).toBe('running');
    expect((await second.execute(Work, {}, 0)).state).toBe('completed');
  });

  it('change places within a second when the owner is killed, and rescue its work without waiting for its lease', async () => {
    const working = gate();
    body = () => working.opened;
    const owner = await kit().boot([Work]);
    await owner.start(Work);
    await kit().clock.settle();
    const second = await kit().boot([Work]);
    owner.crash();
    body = () => Promise.resolve();
    await kit().clock.advance(2_000);
    expect(await second.rows('execution')).toMatchObject([{ state: 'completed' }]);
    expect(await second.rows('task')).toMatchObject([{ rescues: 1 }]);
  });

  it('try again when the database is away in the moment of the change', async () => {
    const owner = await kit().boot([Work]);
    const second = await kit().boot([Work]);
    const { dialect } = second.store;
    const { transaction } = dialect;
    const { TransactionFailure } = await import('../store/dialects/dialect.js');
    dialect.transaction = () => Promise.reject(new TransactionFailure('away', 'rolledBack', new Error('away')));
    await kit().shutDown(owner, 20_000);
    expect(state(second)).toBe('waiting');
    dialect.transaction = transaction;
    await kit().clock.advance(5_000);
    expect(state(second)).toBe('running');
  });
});
