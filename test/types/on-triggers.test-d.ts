import { OnTriggers } from '../../libs/triggers/src/callbacks/on-triggers.decorator.js';
import type { TriggersEvent } from '../../libs/triggers/src/model/events.js';

export class Accepted {
  @OnTriggers('trigger.suspended')
  one(event: TriggersEvent<'trigger.suspended'>): number {
    return event.failures;
  }

  @OnTriggers('trigger.suspended', 'execution.failed')
  async several(event: TriggersEvent<'trigger.suspended' | 'execution.failed'>): Promise<string> {
    return event.name === 'execution.failed' ? event.executionId : event.trigger;
  }

  @OnTriggers('trigger.suspended')
  wider(_event: TriggersEvent): void {}

  @OnTriggers('store.away')
  nothing(): void {}
}

export class Refused {
  // @ts-expect-error -- there is no such event
  @OnTriggers('trigger.exploded')
  unknownEvent(): void {}

  // @ts-expect-error -- which event?
  @OnTriggers()
  noEvent(): void {}

  // @ts-expect-error -- the method takes another event
  @OnTriggers('trigger.suspended')
  otherEvent(_event: TriggersEvent<'store.back'>): void {}

  // @ts-expect-error -- the method takes only one of the two
  @OnTriggers('trigger.suspended', 'store.back')
  onlyOne(_event: TriggersEvent<'store.back'>): void {}

  // @ts-expect-error -- an event is all there is
  @OnTriggers('store.back')
  more(_event: TriggersEvent<'store.back'>, _more: string): void {}
}
