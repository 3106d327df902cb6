import type { RuntimeTrigger } from 'nestjs-triggers';

const STEP_MS = 10;

type Poll = Parameters<RuntimeTrigger['poll']>[0];

/** Calls every trigger once per interval, spread evenly, reads what it answers, and does nothing else. */
export class EmptyLoop {
  calls = 0;
  skips = 0;
  readonly #timer: NodeJS.Timeout;

  constructor(
    private readonly triggers: readonly RuntimeTrigger[],
    intervalMs: number,
  ) {
    const started = performance.now();
    this.#timer = setInterval(() => {
      const due = Math.floor(((performance.now() - started) * triggers.length) / intervalMs);
      for (; this.calls < due; this.calls++) void this.#call(this.triggers[this.calls % triggers.length]!);
    }, STEP_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async #call(trigger: RuntimeTrigger): Promise<void> {
    const result = await trigger.poll(NO_POLL);
    if (result.isSkip()) this.skips++;
  }
}

/** One for all calls: telling each something would not be empty. */
const NO_POLL = {} as Poll;
