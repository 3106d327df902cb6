import { EventBus } from './events.js';
import type { TriggersEvent } from './events.js';

describe('EventBus', () => {
  const failures: string[] = [];
  let now: jest.Mock<number>;
  let bus: EventBus;

  beforeEach(() => {
    failures.length = 0;
    now = jest.fn(() => 86_400_000);
    bus = new EventBus(now, (message) => failures.push(message));
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

  it('tells a listener only the events that it names, and makes none that nobody listens to', () => {
    const told = jest.fn();
    bus.subscribe(told, ['task.completed', 'trigger.superseded']);
    bus.emit('trigger.superseded', { trigger: 'inbox' });
    bus.emit('trigger.failing', { trigger: 'inbox', error: 'broken' });
    expect(told.mock.calls).toEqual([[expect.objectContaining({ name: 'trigger.superseded' })]]);
    expect(now).toHaveBeenCalledTimes(1);
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
