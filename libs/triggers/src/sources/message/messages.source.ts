import { Injectable, Logger } from '@nestjs/common';
import { MessageIntake } from '../../intake/message-intake.service.js';
import { Clock } from '../../model/clock.js';
import { EventBus } from '../../model/events.js';
import { NodeRoles } from '../../model/node-roles.js';
import { errorMessage, quoteAll } from '../../model/text.js';
import type { Source } from '../source.js';
import type { MessageDefinition } from './message-trigger.definition.js';
import { MessageTriggerExplorer } from './message-trigger.explorer.js';
import { MessageConsumer } from './message.consumer.js';
import { MessagePipe } from './message.pipe.js';

/**
 * Message triggers as a source. Every process with the role `scheduler` subscribes; the broker decides which of them a message goes
 * to, so no trigger has an owner.
 */
@Injectable()
export class MessagesSource implements Source {
  readonly #logger = new Logger('triggers');
  #consumers: readonly MessageConsumer[] = [];
  #isRunning = false;

  constructor(
    private readonly explorer: MessageTriggerExplorer,
    private readonly pipe: MessagePipe,
    private readonly intake: MessageIntake,
    private readonly events: EventBus,
    private readonly roles: NodeRoles,
    private readonly clock: Clock,
  ) {}

  async discover(): Promise<readonly MessageDefinition[]> {
    const found = await this.explorer.explore();
    const { pipe, intake, events, clock } = this;
    this.#consumers = found.map((trigger) => new MessageConsumer(trigger, { pipe, intake, events, clock }));
    if (found.length === 0) return found;
    events.subscribe(({ trigger }) => void this.noticed(trigger), ['trigger.changed']);
    events.subscribe(({ name }) => this.#storeIsAway(name === 'store.away'), ['store.away', 'store.back']);
    return found;
  }

  async start(): Promise<void> {
    if (this.#consumers.length === 0 || !this.roles.has('scheduler')) return;
    this.#tell();
    this.#isRunning = true;
    const enabled = await this.intake.enabledOf(this.#consumers.map(({ trigger }) => trigger));
    // Stopped meanwhile: nobody would stop what begins now.
    if (!this.#isRunning) return;
    for (const consumer of this.#consumers) consumer.start(enabled.has(consumer.trigger.name));
  }

  async stop(signal: AbortSignal): Promise<void> {
    this.#isRunning = false;
    await Promise.all(this.#consumers.map((consumer) => consumer.stop(signal)));
  }

  renewed(): Promise<void> {
    return this.noticed(null);
  }

  async noticed(name: string | null): Promise<void> {
    const asked = this.#consumers.filter(({ trigger }) => name === null || trigger.name === name);
    if (!this.#isRunning || asked.length === 0) return;
    try {
      const enabled = await this.intake.enabledOf(asked.map(({ trigger }) => trigger));
      if (this.#isRunning) for (const consumer of asked) consumer.switch(enabled.has(consumer.trigger.name));
    } catch (error) {
      // The next renewal of the lease asks again; until then the commit itself looks at the switch.
      this.#logger.debug(`The switches of message triggers were not read: ${errorMessage(error)}`);
    }
  }

  #storeIsAway(isAway: boolean): void {
    if (this.#isRunning) for (const consumer of this.#consumers) consumer.storeIsAway(isAway);
  }

  /** Says what an author may have overlooked. */
  #tell(): void {
    const bySource = new Map<string, string[]>();
    for (const { trigger } of this.#consumers) {
      const { name, from } = trigger;
      bySource.set(from.name, [...(bySource.get(from.name) ?? []), name]);
      if (from.hasIdentity || trigger.isDedupGiven) continue;
      this.#logger.log(
        `Trigger "${name}": messages of ${from.name} have no ids, so one that is delivered twice starts twice (dedup: 'off'). ` +
          'Return a "dedupKey", or set "dedup" to go by equal contexts.',
      );
    }
    for (const [source, names] of bySource) {
      if (names.length < 2) continue;
      this.#logger.warn(
        `Triggers ${quoteAll(names)} all read ${source}: each message goes to one of them only. To start several workflows, let one ` +
          'trigger name them.',
      );
    }
  }
}
