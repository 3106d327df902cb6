import { hushedLogger } from './hushed-logger.contract.js';
import { EventBus } from '../model/events.js';
import type { TriggersEvent } from '../model/events.js';
import { NodeRoles } from '../model/node-roles.js';
import type { NodeRole } from '../model/node-roles.js';
import type { Step, Work } from '../store/dialects/batch.js';
import type { Notice } from '../store/notices.js';
import type { Store } from '../store/store.service.js';
import { TestClock } from '../testing/test-clock.js';
import type { Dispatcher } from './dispatcher.service.js';
import type { ResolvedEngineOptions } from './engine.options.js';
import { EngineService } from './engine.service.js';
import type { NodeLease } from './node-lease.service.js';
import type { NoticeListener } from './notice-listener.service.js';
import type { PoolWatch } from './pool-watch.service.js';
import type { Pruner } from './pruner.service.js';
import type { Rescuer } from './rescuer.service.js';
import type { TaskRunner } from './task-runner.service.js';
import type { WorkflowWatch } from './workflow-watch.service.js';

const DRAIN_MS = 20_000;

describe('EngineService', () => {
  let clock: TestClock;
  /** What the engine had others do, in order. */
  let did: string[];
  let mayOwn: boolean;
  let type: 'sqlite' | 'postgres';
  /** What fails. */
  let broken: string[];
  /** What does not end, until it is told to. */
  let held: string | undefined;
  let goOn: () => void;
  let found: { rescued: number; abandoned: number };
  let runner: { zombies: number };
  let told: TriggersEvent[];
  let hear: (notice: Notice) => void;
  const roles: NodeRole[] = [];
  let engine: EngineService;
  const { warn, log, error } = hushedLogger('warn', 'log', 'error');

  const done = (what: string): void => void did.push(what);
  async function work<R>(what: string, result?: R): Promise<R | undefined> {
    done(what);
    if (broken.includes(what)) throw new Error(`${what} is broken`);
    if (held === what) await new Promise<void>((resolve) => (goOn = resolve));
    return result;
  }
  const taskRunner = {
    beginStop: () => done('stop began'),
    stop: (drainMs: number) => work(`drained ${drainMs}`),
    abandonAll: () => done('all abandoned'),
  };
  const companion = (name: string) => ({
    engineStarting: async () => void (await work(`${name} prepared`)),
    engineStarted: async () => void (await work(`${name} started`)),
    leaseRenewed: async () => void (await work(`${name} renewed`)),
    noticed: async ({ about }: Notice) => void (await work(`${name} noticed ${about}`)),
    leaseLost: () => done(`${name} lost`),
  });

  const listen = (tell: typeof hear): void => {
    hear = tell;
    done('listens');
  };

  beforeEach(() => {
    roles.splice(0, 3, 'api', 'scheduler', 'worker');
    [did, told, broken, held, mayOwn, type] = [[], [], [], undefined, true, 'sqlite'];
    found = { rescued: 0, abandoned: 0 };
    clock = new TestClock();
    const store = {
      dialect: { acquireOwnership: () => mayOwn, releaseOwnership: () => done('owner left'), ownershipFile: 'o' },
      get options() {
        return { type };
      },
      change: (unit: () => Work<void>) => {
        const { rows } = unit().next().value as Step;
        return work(`other nodes than ${String(rows[0]?.[0])} deleted`);
      },
    } as unknown as Store;
    const events = new EventBus(
      () => 0,
      () => undefined,
    );
    events.subscribe((event) => told.push(event));
    runner = { zombies: 3, ...taskRunner };
    engine = new EngineService(
      store,
      clock,
      events,
      { nodeId: 'n1', start: () => work('lease began'), stop: () => work('lease ended') } as unknown as NodeLease,
      {
        startClaiming: () => done('claims'),
        stopClaiming: () => work('claims no more'),
        close: () => work('tells no more'),
      } as unknown as Dispatcher,
      runner as unknown as TaskRunner,
      { runOnce: () => work('rescued', found) } as unknown as Rescuer,
      { runOnce: () => work('watched') } as unknown as WorkflowWatch,
      { runOnce: () => work('pools watched') } as unknown as PoolWatch,
      { start: () => done('prunes'), stop: () => work('prunes no more') } as unknown as Pruner,
      { start: listen, stop: () => done('listens no more') } as unknown as NoticeListener,
      new NodeRoles(roles),
      { drainMs: DRAIN_MS } as ResolvedEngineOptions,
    );
    for (const name of ['source', 'callbacks']) engine.join(companion(name));
  });

  const BEGINNING = [
    'lease began',
    'other nodes than n1 deleted',
    'source prepared',
    'callbacks prepared',
    'rescued',
    'watched',
    'pools watched',
  ];
  const RUNNING = [...BEGINNING, 'claims', 'prunes', 'listens', 'source started', 'callbacks started'];
  const END = ['lease ended', 'owner left'];

  it('tells how long a stop may last and how many bodies do not return', () => {
    expect([engine.state, engine.drainMs, engine.zombies]).toEqual(['stopped', DRAIN_MS, 3]);
  });

  it('takes back what was left behind before it claims anything, then starts its companions', async () => {
    const started = engine.start();
    expect(engine.state).toBe('waiting');
    await started;
    expect([did, engine.state, warn.mock.calls]).toEqual([RUNNING, 'running', []]);
  });

  it('deletes no other node where many may run', async () => {
    type = 'postgres';
    await engine.start();
    expect(did).toEqual(RUNNING.filter((what) => what !== 'other nodes than n1 deleted'));
  });

  it('begins once, however often it is started', async () => {
    await Promise.all([engine.start(), engine.start()]);
    await engine.start();
    expect(did).toEqual(RUNNING);
  });

  it('leaves an SQLite file to the process that runs it, where it only serves, and never takes over', async () => {
    roles.splice(0, 3, 'api');
    await engine.start();
    expect([engine.state, did, log.mock.calls.length, clock.timers]).toEqual(['waiting', [], 1, 0]);
  });

  it('says that another process runs, and takes over within a second after that has left', async () => {
    mayOwn = false;
    await engine.start();
    expect([engine.state, warn.mock.calls.length]).toEqual(['waiting', 1]);
    await clock.advance(3_000);
    mayOwn = true;
    expect(did).toEqual([]);
    await clock.advance(999);
    expect(did).toEqual([]);
    await clock.advance(1);
    expect([did, engine.state, clock.timers]).toEqual([RUNNING, 'running', 0]);
  });

  it('tries again every second while it may run and cannot', async () => {
    mayOwn = false;
    await engine.start();
    [mayOwn, broken] = [true, ['rescued']];
    await clock.advance(2_000);
    const failed = BEGINNING.slice(0, BEGINNING.indexOf('rescued') + 1);
    expect([did, engine.state]).toEqual([[...failed, ...failed], 'waiting']);
    broken = [];
    await clock.advance(1_000);
    expect([did.slice(2 * failed.length), engine.state, clock.timers]).toEqual([RUNNING, 'running', 0]);
  });

  it('fails its start with whatever it cannot begin with', async () => {
    broken = ['lease began'];
    await expect(engine.start()).rejects.toThrow('lease began is broken');
  });

  it('claims and prunes no more as its stop begins, and drains before it gives its lease and the file back', async () => {
    await engine.start();
    did = [];
    await engine.stopClaiming();
    expect([did, engine.state]).toEqual([
      ['listens no more', 'stop began', 'claims no more', 'prunes no more'],
      'running',
    ]);
    did = [];
    await engine.drain();
    expect([did, engine.state]).toEqual([[`drained ${DRAIN_MS}`, 'tells no more', ...END], 'stopped']);
    did = [];
    await engine.start();
    expect(did).toEqual(RUNNING);
  });

  it('takes nothing over any more when it is stopped while it waits', async () => {
    mayOwn = false;
    await engine.start();
    await engine.stopClaiming();
    expect([engine.state, clock.timers, did]).toEqual([
      'stopped',
      0,
      ['listens no more', 'stop began', 'prunes no more'],
    ]);
    await engine.drain();
    expect(engine.state).toBe('stopped');
  });

  it.each(BEGINNING)('claims nothing when it is stopped before %s', async (what) => {
    held = what;
    const started = engine.start();
    await clock.settle();
    await engine.stopClaiming();
    await engine.drain();
    expect([did.at(-1), engine.state]).toEqual(['owner left', 'stopped']);
    did = [];
    goOn();
    await started;
    expect([did.filter((name) => !['rescued', 'watched', 'pools watched'].includes(name)), engine.state]).toEqual([
      [],
      'stopped',
    ]);
  });

  it('does not try again what failed after it was stopped', async () => {
    mayOwn = false;
    await engine.start();
    [mayOwn, held] = [true, 'lease began'];
    await clock.advance(1_000);
    await engine.stopClaiming();
    broken = ['rescued'];
    goOn();
    await clock.settle();
    expect([engine.state, clock.timers]).toEqual(['stopped', 0]);
  });

  it('rescues and watches with every renewal and tells its companions, each apart from what fails before it', async () => {
    await engine.start();
    did = [];
    await engine.renewed(false);
    const all = ['rescued', 'watched', 'pools watched', 'source renewed', 'callbacks renewed'];
    expect(did).toEqual(all);
    [did, broken] = [[], all];
    await engine.renewed(false);
    expect(did).toEqual(broken);
    expect(warn.mock.calls.map(([text]) => String(text).split(': ')[1])).toEqual(
      broken.map((what) => `${what} is broken`),
    );
  });

  it.each([
    [0, 0, 0],
    [2, 0, 1],
    [1, 1, 1],
    [0, 1, 1],
  ])(
    'says what it took over, when it was %d tasks that go on and %d that do not',
    async (rescued, abandoned, lines) => {
      found = { rescued, abandoned };
      await engine.start();
      expect(log).toHaveBeenCalledTimes(lines);
    },
  );

  it('says with a renewal that more than ten bodies do not return, once until it is better', async () => {
    for (const zombies of [11, 12, 10, 11]) {
      runner.zombies = zombies;
      await engine.renewed(false);
    }
    const unhealthy = { name: 'node.unhealthy', nodeId: 'n1' };
    expect(told).toMatchObject([
      { ...unhealthy, reason: expect.stringMatching(/^11 task bodies/) },
      { ...unhealthy, reason: expect.stringMatching(/^11 task bodies/) },
    ]);
  });

  it('takes nothing from others after a late renewal', async () => {
    await engine.start();
    did = [];
    await engine.renewed(true);
    expect(did).toEqual(['watched', 'pools watched', 'source renewed', 'callbacks renewed']);
  });

  it.each<[NodeRole[], string[]]>([
    [['worker'], ['claims']],
    [['scheduler'], ['prunes']],
    [['api'], []],
  ])('with the roles %j alone does no more of claiming and pruning than %j', async (given, does) => {
    type = 'postgres';
    roles.splice(0, 3, ...given);
    await engine.start();
    expect([engine.state, did.filter((what) => ['claims', 'prunes'].includes(what))]).toEqual(['running', does]);
  });

  it('hands on what other processes tell, to each companion apart from the others', async () => {
    await engine.start();
    [did, broken] = [[], ['source noticed anything']];
    hear({ about: 'anything' });
    await clock.settle();
    expect(did).toEqual(['source noticed anything', 'callbacks noticed anything']);
  });

  it('drops everything at once with its lease', () => {
    engine.lost();
    expect(did).toEqual(['all abandoned', 'source lost', 'callbacks lost']);
    expect(error).toHaveBeenCalledTimes(1);
  });
});
