import { Test } from '@nestjs/testing';
import { PollIntake } from '../../intake/poll-intake.js';
import { Clock } from '../../model/clock.js';
import { EventBus } from '../../model/events.js';
import type { TriggersEvent } from '../../model/events.js';
import type { NodeId } from '../../model/ids.js';
import { NodeRoles } from '../../model/node-roles.js';
import { TimerRegistry } from '../../model/timer-registry.js';
import { TestClock } from '../../testing/test-clock.js';
import { FakePollIntake } from './fake-poll-intake.contract.js';
import type { FakeTriggers } from './fake-trigger-rows.contract.js';
import { PollControl } from './poll-control.service.js';
import type { PollDefinition } from './poll-trigger.definition.js';
import { PollerService } from './poller.service.js';
import { defineTrigger } from './test-trigger.contract.js';
import type { TestDefinition } from './test-trigger.contract.js';

/** A poller over a fake store and a fake clock. */
export interface PollHarness {
  readonly clock: TestClock;
  readonly intake: FakePollIntake;
  readonly poller: PollerService;
  readonly control: PollControl;
  readonly events: TriggersEvent[];
  readonly bus: EventBus;
  readonly shown: string[];
  add(definition: TestDefinition): PollDefinition;
  /** Names of the events so far, except those of firings. */
  eventNames(): string[];
}

/** A node among others on one store and one clock. */
export interface Neighbour {
  readonly clock: TestClock;
  readonly shared: FakeTriggers;
  readonly nodeId: string;
}

/** Builds a poller through Nest's injector, alone on its store unless it has neighbours. */
export async function createHarness(among?: Neighbour): Promise<PollHarness> {
  const clock = among?.clock ?? new TestClock();
  const intake = new FakePollIntake(clock, among?.shared, among?.nodeId as NodeId | undefined);
  const events: TriggersEvent[] = [];
  const bus = new EventBus(
    () => clock.now(),
    (message) => {
      throw new Error(message);
    },
  );
  bus.subscribe((event) => events.push(event));
  const shown: string[] = [];
  const timers: TimerRegistry = { show: (name) => shown.push(name), hide: () => undefined };
  const module = await Test.createTestingModule({
    providers: [
      PollerService,
      { provide: NodeRoles, useValue: new NodeRoles() },
      PollControl,
      { provide: PollIntake, useValue: intake },
      { provide: Clock, useValue: clock },
      { provide: EventBus, useValue: bus },
      { provide: TimerRegistry, useValue: timers },
    ],
  }).compile();
  module.useLogger(false);
  const poller = module.get(PollerService);
  const add = (definition: TestDefinition): PollDefinition => poller.add(defineTrigger(definition)).definition;
  return {
    clock,
    intake,
    poller,
    control: module.get(PollControl),
    events,
    bus,
    shown,
    add,
    eventNames: () => events.map(({ name }) => name),
  };
}
