import fc from 'fast-check';
import { gate } from '../../../../../test/support/gate.js';
import type { Gate } from '../../../../../test/support/gate.js';
import { TriggerResult } from '../../model/trigger-result.js';
import { PROPERTY_TIMEOUT_MS, runs } from '../../testing/properties.contract.js';
import { createHarness } from './poll-harness.contract.js';
import type { PollHarness } from './poll-harness.contract.js';
import { MAX_STALLED_TIMEOUTS } from './polled-trigger.js';

const TIMEOUT_MS = 1_000;
const GIVEN_UP_MS = MAX_STALLED_TIMEOUTS * TIMEOUT_MS;

const steps = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(100, 1_000, 12_000).map((ms) => ({ what: 'pass' as const, ms })) },
  {
    weight: 5,
    arbitrary: fc.constantFrom('lose' as const, 'steal' as const, 'renew' as const).map((what) => ({ what })),
  },
  { weight: 3, arbitrary: fc.record({ what: fc.constantFrom('return' as const, 'throw' as const), pick: fc.nat() }) },
);
type Step = typeof steps extends fc.Arbitrary<infer S> ? S : never;

/** A trigger whose bodies end when a test says so. */
class Bodies {
  polls = 0;
  /** Bodies that began while another ran that nobody has given up. */
  overlaps = 0;
  readonly #running: { readonly body: Gate<TriggerResult>; readonly at: number }[] = [];

  private constructor(readonly harness: PollHarness) {}

  static async polled(): Promise<Bodies> {
    const bodies = new Bodies(await createHarness());
    bodies.harness.add({ name: 'inbox', timeoutMs: TIMEOUT_MS, suspendAfter: 0, poll: () => bodies.#poll() });
    await bodies.harness.poller.start();
    return bodies;
  }

  async take(step: Step): Promise<void> {
    const { poller, intake, clock } = this.harness;
    if (step.what === 'lose') poller.leaseLost();
    else if (step.what === 'steal') intake.steal('inbox');
    else if (step.what === 'renew') await this.renew();
    else if ('pick' in step) this.#end(step.what, step.pick);
    await clock.advance('ms' in step ? step.ms : 0);
  }

  endAll(): void {
    while (this.#running.length > 0) this.#end('return', 0);
  }

  /** Another node that has it gives it back afterwards. */
  async renew(): Promise<void> {
    const { poller, intake } = this.harness;
    await poller.renewed();
    const row = intake.row('inbox');
    if (row.owner === 'other') row.owner = null;
  }

  #poll(): Promise<TriggerResult> {
    const now = this.harness.clock.monotonic();
    if (this.#running.some(({ at }) => now < at + GIVEN_UP_MS)) this.overlaps += 1;
    this.polls += 1;
    const body = gate<TriggerResult>();
    this.#running.push({ body, at: now });
    return body.opened;
  }

  #end(how: 'return' | 'throw', pick: number): void {
    const [ended] = this.#running.splice(pick % Math.max(1, this.#running.length), 1);
    if (how === 'return') ended?.body.open(TriggerResult.skip());
    else ended?.body.fail(new Error('broken'));
  }
}

describe('the owner of a trigger', () => {
  it('takes it back after a lost lease also over a body that does not end, but not before ten timeouts', async () => {
    const bodies = await Bodies.polled();
    const { clock, poller, control } = bodies.harness;
    await clock.advance(TIMEOUT_MS);
    expect(bodies.polls).toBe(1);
    poller.leaseLost();
    // It began within the first second.
    await clock.advance(GIVEN_UP_MS - TIMEOUT_MS - 1);
    await poller.renewed();
    expect(control.live('inbox')).toBeUndefined();
    await clock.advance(TIMEOUT_MS);
    await poller.renewed();
    await clock.advance(TIMEOUT_MS);
    expect(bodies.polls).toBe(2);
  });

  it(
    'never runs two bodies at once but for one that was given up, whatever is lost, taken back and late',
    async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(steps, { minLength: 4, maxLength: 30 }), async (given) => {
          const bodies = await Bodies.polled();
          for (const step of given) await bodies.take(step);
          const before = bodies.polls;
          bodies.endAll();
          await bodies.harness.clock.settle();
          await bodies.renew();
          await bodies.renew();
          // The longest wait of one that fails.
          await bodies.harness.clock.advance(900_000);
          expect(bodies.polls).toBeGreaterThan(before);
          expect(bodies.overlaps).toBe(0);
        }),
        runs(150),
      );
    },
    PROPERTY_TIMEOUT_MS,
  );
});
