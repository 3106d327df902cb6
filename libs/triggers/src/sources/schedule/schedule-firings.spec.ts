import type { IntakeService } from '../../intake/intake.service.js';
import { TestClock } from '../../testing/test-clock.js';
import { ScheduleFirings } from './schedule-firings.service.js';
import type { ScheduleDefinition } from './schedule.definition.js';
import type { ScheduleTick } from './schedule-tick.js';

describe('a schedule fired by hand', () => {
  it('does not wait longer for its method than its timeout, and tells it by the signal', async () => {
    const clock = new TestClock();
    const fire = jest.fn();
    let signal: AbortSignal | undefined;
    const method = {
      label: 'Reports.nightly()',
      invoke: ([tick]: readonly unknown[]) => {
        signal = (tick as ScheduleTick).signal;
        return new Promise(() => undefined);
      },
    };
    const schedule = { name: 'nightly', kind: 'schedule', label: method.label, method, timeoutMs: 10_000 };
    const firings = new ScheduleFirings({ fire } as unknown as IntakeService, clock);
    const fired = firings.fire(schedule as unknown as ScheduleDefinition, { lastFiredAt: null });
    const refused = expect(fired).rejects.toMatchObject({
      code: 'TRG_POLL_TIMEOUT',
      message: 'Reports.nightly() did not return within 10s.',
    });
    await clock.advance(10_000);
    await refused;
    expect(signal?.aborted).toBe(true);
    expect(fire).not.toHaveBeenCalled();
  });
});
