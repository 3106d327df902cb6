import type { Batch, Row, Rows, Work } from '../store/dialects/batch.js';

type Values = readonly unknown[];

/** A store that answers each statement as a test says, and remembers what it was asked. */
export class StoreAnswers {
  readonly asked: [name: string, values: Values][] = [];
  /** The rows of a statement, by its name; without an answer none. */
  answers: Record<string, (values: Values, all: readonly Values[]) => object[]> = {};
  /** What whole units of work do that begin with a statement. */
  outcomes: Record<string, unknown> = {};
  /** Units of work. */
  units = 0;
  /** What each of them waits for. */
  before: () => unknown = () => undefined;

  async change<R>(work: (scope: object) => Work<R>): Promise<R> {
    this.units += 1;
    await this.before();
    const steps = work({ leavesSomeReady: () => this.asked.push(['leaves ready', []]) });
    let next = steps.next();
    while (next.done !== true) {
      const { batch, rows } = next.value;
      const answer = await this.read(batch, rows);
      if (Object.hasOwn(this.outcomes, batch.name)) return this.outcomes[batch.name] as R;
      next = steps.next(answer);
    }
    return next.value;
  }

  look<R>(work: () => Work<R>): Promise<R> {
    return this.change(work);
  }

  async read({ name }: Batch, rows: readonly Values[]): Promise<Rows> {
    const [values = []] = rows;
    this.asked.push([name, values]);
    return (this.answers[name]?.(values, rows) ?? []) as Row[];
  }

  get names(): string[] {
    return this.asked.map(([name]) => name);
  }

  /** What a statement was asked with, each time. */
  of(name: string): Values[] {
    return this.asked.filter(([asked]) => asked === name).map(([, values]) => values);
  }
}
