import type { EventBus, TriggersEvent, TriggersEventName } from '../model/events.js';
import { Deadline } from './time-limit.js';
import type { TimeLimit } from './time-limit.js';

/** How many events a message shows at most, the latest ones. */
const SHOWN = 20;

interface Waiting {
  readonly wants: (event: TriggersEvent) => boolean;
  readonly resolve: (event: TriggersEvent) => void;
}

/**
 * Everything that an application tells, in order.
 *
 * @example
 * const failed = await kit.events.next('task.failed', ({ task }) => task === 'greet');
 * expect(kit.events.of('execution.completed')).toHaveLength(2);
 */
export class EventMonitor {
  readonly #events: TriggersEvent[] = [];
  readonly #taken = new WeakSet<TriggersEvent>();
  readonly #waiting = new Set<Waiting>();

  constructor(bus: EventBus) {
    bus.subscribe((event) => this.#hear(event));
  }

  /** What was told so far, oldest first. */
  get all(): readonly TriggersEvent[] {
    return [...this.#events];
  }

  /** What was told under these names so far, oldest first. */
  of<N extends TriggersEventName>(...names: readonly N[]): readonly TriggersEvent<N>[] {
    return this.#events.filter(({ name }) => (names as readonly string[]).includes(name)) as never;
  }

  /**
   * The first event of that name that matches and that no earlier `next` has returned, told already or to come: what
   * happens before it is asked for is not missed.
   *
   * @throws TRG_TEST_LIMIT with what was told instead
   */
  async next<N extends TriggersEventName>(
    name: N,
    matches: (event: TriggersEvent<N>) => boolean = () => true,
    { limit }: TimeLimit = {},
  ): Promise<TriggersEvent<N>> {
    const wants = (event: TriggersEvent): boolean =>
      event.name === name && !this.#taken.has(event) && matches(event as never);
    const event = this.#events.find(wants) ?? (await this.#toCome(name, wants, new Deadline(limit)));
    this.#taken.add(event);
    return event as never;
  }

  /** Forgets what was told so far. */
  clear(): void {
    this.#events.length = 0;
  }

  async #toCome(name: string, wants: Waiting['wants'], deadline: Deadline): Promise<TriggersEvent> {
    let waiting: Waiting | undefined;
    const told = new Promise<TriggersEvent>((resolve) => this.#waiting.add((waiting = { wants, resolve })));
    try {
      return await deadline.for(told, () => `No "${name}" that matches was told. ${this.#instead()}`);
    } finally {
      if (waiting !== undefined) this.#waiting.delete(waiting);
    }
  }

  #hear(event: TriggersEvent): void {
    this.#events.push(event);
    for (const waiting of this.#waiting) {
      if (!waiting.wants(event)) continue;
      this.#taken.add(event);
      this.#waiting.delete(waiting);
      waiting.resolve(event);
    }
  }

  #instead(): string {
    if (this.#events.length === 0) return 'Nothing else was told either.';
    const shown = this.#events
      .slice(-SHOWN)
      .map(({ name, at: _at, ...payload }) => `${name} ${JSON.stringify(payload)}`);
    const more = this.#events.length > SHOWN ? ` (the last ${SHOWN} of ${this.#events.length})` : '';
    return `Told instead${more}:\n  ${shown.join('\n  ')}`;
  }
}
