import { EventBus } from './events.js';
import type { TriggersEvent } from './events.js';

describe('EventBus', () => {
  const failures: string[] = [];
  let bus: EventBus;

  beforeEach(() => {
    failures.length = 0;
    bus = new EventBus(
      () => 86_400_000,
      (message) => failures.push(message),
    );
  });

  it('tells an event with its name, its instant and its facts to everybody, in the order of subscription', () => {
    const told: [string, TriggersEvent][] = [];
    bus.subscribe((event) => told.push(['first', event]));
    bus.subscribe((event) => told.push(['second', event]));
    bus.emit('trigger.failing', { trigger: 'inbox', error: 'broken' });
    const event = { name: 'trigger.failing', at: new Date(86_400_000), trigger: 'inbox', error: 'broken' };
    expect(told).toEqual([
      ['first', event],
      ['second', event],
    ]);
  });

  it('tells the others when a listener throws, and names the event to whoever logs', () => {
    const told = jest.fn();
    bus.subscribe(() => {
      throw new Error('broken');
    });
    bus.subscribe(told);
    bus.emit('trigger.superseded', { trigger: 'inbox' });
    expect(told).toHaveBeenCalledTimes(1);
    expect(failures).toEqual(['A listener of "trigger.superseded" failed: broken']);
  });

  it('tells nothing more to a listener that has left', () => {
    const [stays, leaves] = [jest.fn(), jest.fn()];
    bus.subscribe(stays);
    bus.subscribe(leaves)();
    bus.emit('trigger.superseded', { trigger: 'inbox' });
    expect([stays, leaves].map(({ mock }) => mock.calls.length)).toEqual([1, 0]);
  });
});
