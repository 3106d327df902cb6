import { Injectable, Scope } from '@nestjs/common';
import { SCOPE_OPTIONS_METADATA } from '@nestjs/common/constants.js';
import { classMetadata, methodMetadata } from '../../discovery/metadata.js';
import { TriggerResult } from '../../model/trigger-result.js';
import type { TriggerSource } from './poll.js';
import { Trigger, TRIGGER } from './trigger.decorator.js';

class Methods {
  @Trigger({ workflow: 'a', name: 'one' })
  @Trigger({ workflow: ['a', 'b'], name: 'two' })
  poll(): TriggerResult {
    return TriggerResult.skip();
  }
}

@Trigger({ workflow: 'a', pollInterval: '2s' })
@Injectable({ scope: Scope.TRANSIENT })
class Source implements TriggerSource {
  poll(): TriggerResult {
    return TriggerResult.skip();
  }
}

describe('Trigger', () => {
  it('keeps the options of every trigger of a method, in the order in which they are read', () => {
    expect(methodMetadata(TRIGGER, Methods.prototype, 'poll')).toEqual([
      { workflow: 'a', name: 'one' },
      { workflow: ['a', 'b'], name: 'two' },
    ]);
    expect(classMetadata(TRIGGER, Methods)).toEqual([]);
  });

  it('keeps the options of a class, which becomes a provider and keeps its scope', () => {
    expect(classMetadata(TRIGGER, Source)).toEqual([{ workflow: 'a', pollInterval: '2s' }]);
    expect(methodMetadata(TRIGGER, Source.prototype, 'poll')).toEqual([]);
    expect(Reflect.getMetadata(SCOPE_OPTIONS_METADATA, Source)).toEqual({ scope: Scope.TRANSIENT });
  });
});
