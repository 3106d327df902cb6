import { Injectable, Logger } from '@nestjs/common';
import { ProviderExplorer } from '../discovery/provider.explorer.js';
import type { MethodInvoker } from '../discovery/method-invoker.js';
import { EventBus } from '../model/events.js';
import type { TriggersEventName } from '../model/events.js';
import { errorMessage } from '../model/text.js';
import { ON_TRIGGERS } from './on-triggers.decorator.js';

/** Subscribes methods with `@OnTriggers` to the events they name. Each is isolated: one that throws harms nobody. */
@Injectable()
export class OnTriggersExplorer {
  readonly #logger = new Logger('events');

  constructor(
    private readonly providers: ProviderExplorer,
    private readonly events: EventBus,
  ) {}

  /** Subscribes them all; call once, at boot. */
  explore(): void {
    const listeners = new Map<TriggersEventName, MethodInvoker[]>();
    for (const provider of this.providers.all()) {
      for (const { name, values } of provider.methods(ON_TRIGGERS)) {
        const invoker = provider.invoker(name);
        for (const event of new Set(values.flat())) listeners.set(event, [...(listeners.get(event) ?? []), invoker]);
      }
    }
    if (listeners.size === 0) return;
    this.events.subscribe((event) => {
      for (const invoker of listeners.get(event.name) ?? []) {
        invoker
          .invoke([event])
          .catch((error: unknown) =>
            this.#logger.error(`${invoker.label}, told of "${event.name}", failed: ${errorMessage(error)}`),
          );
      }
    }, listeners.keys());
  }
}
