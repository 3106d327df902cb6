import { Injectable } from '@nestjs/common';
import { TriggerControl } from '../intake/trigger-control.service.js';
import type { TriggerDefinition } from '../intake/trigger.definition.js';
import { TriggerRegistry } from '../intake/trigger.registry.js';
import { Clock } from '../model/clock.js';
import type { SourceKind } from '../model/states.js';
import { DECLARE_EVERY_MS } from './declare-every.js';

/** The poller makes the rows of what it polls, together with taking them. */
const POLLED: readonly SourceKind[] = ['poll', 'schedule'];

/** Keeps the rows of the triggers that nobody polls: what operators set, counts, and when they were last declared. */
@Injectable()
export class UnpolledTriggers {
  #declaredAt = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly registry: TriggerRegistry,
    private readonly control: TriggerControl,
    private readonly clock: Clock,
  ) {}

  /** Makes their rows. @throws TRG_STORE_UNAVAILABLE */
  async declare(): Promise<void> {
    const triggers = this.registry.all().filter(isUnpolled);
    if (triggers.length > 0) await this.control.declare(triggers);
    this.#declaredAt = this.clock.monotonic();
  }

  /** Others call a trigger undeclared that nobody has declared for ten minutes. Never throws: the next renewal tries again. */
  async renewed(): Promise<void> {
    if (this.clock.monotonic() - this.#declaredAt <= DECLARE_EVERY_MS) return;
    await this.declare().catch(() => undefined);
  }
}

function isUnpolled({ kind }: TriggerDefinition): boolean {
  return !POLLED.includes(kind);
}
