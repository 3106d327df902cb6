import type { Row, Step, Work } from '../store/dialects/batch.js';

type Values = readonly unknown[];

/** A store that answers each statement as a test says, and remembers what it was asked. */
export class StoreAnswers {
  readonly asked: [name: string, values: Values][] = [];
  /** The rows of a statement, by its name; without an answer none. */
  answers: Record<string, (values: Values) => object[]> = {};
  /** What whole units of work do that begin with a statement. */
  outcomes: Record<string, unknown> = {};
  /** What every unit of work waits for. */
  before: () => unknown = () => undefined;

  async change<R>(work: (scope: object) => Work<R>): Promise<R> {
    await this.before();
    const steps = work({ leavesReady: () => this.asked.push(['leaves ready', []]) });
    let next = steps.next();
    while (next.done !== true) {
      const { batch, rows } = next.value as Step;
      const [values = []] = rows;
      this.asked.push([batch.name, values]);
      if (Object.hasOwn(this.outcomes, batch.name)) return this.outcomes[batch.name] as R;
      next = steps.next((this.answers[batch.name]?.(values) ?? []) as Row[]);
    }
    return next.value;
  }

  get names(): string[] {
    return this.asked.map(([name]) => name);
  }

  /** What a statement was asked with, each time. */
  of(name: string): Values[] {
    return this.asked.filter(([asked]) => asked === name).map(([, values]) => values);
  }
}
