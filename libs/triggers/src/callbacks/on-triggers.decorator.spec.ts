import { methodMetadata } from '../discovery/metadata.js';
import { ON_TRIGGERS, OnTriggers } from './on-triggers.decorator.js';

class Alerts {
  @OnTriggers('trigger.suspended', 'execution.failed')
  alert(): void {}
}

describe('OnTriggers', () => {
  it('keeps the names of the events on the method', () => {
    expect(methodMetadata(ON_TRIGGERS, Alerts.prototype, 'alert')).toEqual([['trigger.suspended', 'execution.failed']]);
  });
});
