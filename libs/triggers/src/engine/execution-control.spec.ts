import { EventBus } from '../model/events.js';
import type { ExecutionId } from '../model/ids.js';
import type { ControlOutcome } from '../store/execution.repository.js';
import type { Store } from '../store/store.service.js';
import { ExecutionControl } from './execution-control.service.js';
import type { TaskRunner } from './task-runner.service.js';

const ID = 'e1' as ExecutionId;
const WISHES = ['cancel', 'pause', 'resume', 'retry'] as const;

describe('ExecutionControl', () => {
  let outcome: ControlOutcome;
  let told: unknown[];
  /** What other processes are told. */
  let noticed: unknown[];
  let control: ExecutionControl;

  beforeEach(() => {
    [told, noticed] = [[], []];
    const events = new EventBus(
      () => 0,
      () => undefined,
    );
    events.subscribe(({ at: _at, ...event }) => told.push(event));
    const runner = { abortExecution: (...abort: unknown[]) => told.push(abort) } as unknown as TaskRunner;
    const notices = { tell: (notice: unknown) => noticed.push(notice) };
    control = new ExecutionControl({ change: async () => outcome, notices } as unknown as Store, runner, events);
  });

  it.each(WISHES)('tells that an execution was changed by %s, and by whom', async (change) => {
    outcome = { status: 'done', state: 'running', workflow: 'w' };
    expect(await control[change](ID, 'ann')).toEqual({ state: 'running' });
    expect(told[0]).toEqual({ name: 'execution.changed', executionId: ID, workflow: 'w', change, by: 'ann' });
    expect(told.slice(1)).toEqual(change === 'cancel' ? [[ID, 'cancelled']] : []);
    expect(noticed).toEqual([{ about: 'execution', id: ID }]);
  });

  it('tells that an execution has ended where no body runs any more', async () => {
    outcome = { status: 'done', state: 'cancelled', workflow: 'w' };
    await control.cancel(ID);
    expect(told).toEqual([
      { name: 'execution.changed', executionId: ID, workflow: 'w', change: 'cancel', by: null },
      { name: 'execution.cancelled', executionId: ID, workflow: 'w' },
      [ID, 'cancelled'],
    ]);
  });

  it.each<[ControlOutcome, string, object | undefined]>([
    [{ status: 'absent' }, 'TRG_API_EXECUTION_NOT_FOUND', { executionId: ID }],
    [{ status: 'refused', state: 'completed' }, 'TRG_API_CONFLICT', { state: 'completed' }],
    [{ status: 'replayed', by: 'f3' } as unknown as ControlOutcome, 'TRG_API_CONFLICT', { firingId: 'f3' }],
    [{ status: 'nothingLeft' }, 'TRG_API_CONFLICT', undefined],
    [
      { status: 'heldByOther', holder: { firingId: 'f2', executionIds: ['e2'] } } as unknown as ControlOutcome,
      'TRG_API_CONFLICT',
      { holder: 'f2', executionIds: ['e2'] },
    ],
  ])('refuses where the rows say %j, and tells nobody', async (said, code, details) => {
    outcome = said;
    for (const wish of WISHES) {
      await expect(control[wish](ID)).rejects.toMatchObject({ code, details });
    }
    expect([told, noticed]).toEqual([[], []]);
  });

  it.each([
    ['cancel', 'cancelled'],
    ['pause', 'paused'],
    ['resume', 'only a paused one can be resumed'],
    ['retry', 'only a failed or cancelled one can be retried'],
  ] as const)('says to %s what could be', async (wish, advice) => {
    outcome = { status: 'refused', state: 'completed' };
    await expect(control[wish](ID)).rejects.toThrow(advice);
  });
});
