import { Injectable } from '@nestjs/common';
import { Task, Workflow } from 'nestjs-triggers';
import type { TaskContext } from 'nestjs-triggers';

interface Numbered {
  readonly number: number;
}

/** Knows when what was fired, and tells how long it took to its first task. */
@Injectable()
export class Arrivals {
  readonly #waiting = new Map<number, (at: number) => void>();

  /** Fires, and tells the ms from before the call to the body of the first task. */
  async timeOf(number: number, fire: () => Promise<unknown>): Promise<number> {
    const arrived = new Promise<number>((resolve) => this.#waiting.set(number, resolve));
    const started = performance.now();
    const [at] = await Promise.all([arrived, fire()]);
    return at - started;
  }

  arrived(number: number, at: number): void {
    this.#waiting.get(number)?.(at);
    this.#waiting.delete(number);
  }
}

/** One task, whose body notes when it began. */
@Workflow({ name: 'noted' })
export class Noted {
  constructor(private readonly arrivals: Arrivals) {}

  @Task()
  async first({ data }: TaskContext<Numbered>): Promise<void> {
    this.arrivals.arrived(data.number, performance.now());
  }
}
