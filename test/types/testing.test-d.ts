import type { INestApplication } from '@nestjs/common';
import type { TestingModule, TestingModuleBuilder } from '@nestjs/testing';
import type { ExecutionId } from '../../libs/triggers/src/model/ids.js';
import { TriggersTestKit, pollOf, taskContext } from '../../libs/triggers/src/testing/index.js';
import type { Poll, TriggerSource } from '../../libs/triggers/src/sources/poll/poll.js';
import { assertType } from './equal.js';
import type { Equal } from './equal.js';

export async function events(kit: TriggersTestKit): Promise<void> {
  const _retrying = await kit.events.next('task.retrying', ({ attempt, delayMs }) => attempt + delayMs > 1);
  assertType<Equal<typeof _retrying.name, 'task.retrying'>>();
  const [_failed] = kit.events.of('task.failed', 'execution.failed');
  assertType<Equal<NonNullable<typeof _failed>['error'], string>>();
  // @ts-expect-error -- there is no such event
  kit.events.of('task.fialed');
  // @ts-expect-error -- this event has no such field
  void kit.events.next('task.completed', ({ error }) => error === '');
}

export async function outcomes(kit: TriggersTestKit): Promise<void> {
  const { executionIds } = await kit.poll('guests');
  assertType<Equal<typeof executionIds, readonly ExecutionId[]>>();
  await kit.result(executionIds[0]);
  // @ts-expect-error -- a duration has a unit
  await kit.drain({ through: '10' });
}

export async function applications(builder: TestingModuleBuilder): Promise<void> {
  const _plain = await TriggersTestKit.from(builder);
  assertType<Equal<typeof _plain.app, TestingModule>>();
  const _http = await TriggersTestKit.from(builder, { application: (module) => module.createNestApplication() });
  assertType<Equal<typeof _http.app, INestApplication>>();
  // @ts-expect-error -- where the ledger lives is said beside the options
  await TriggersTestKit.create({ options: { database: { type: 'sqlite', path: ':memory:' } } });
}

export function builders(source: TriggerSource, typed: (poll: Poll<{ since: number }>) => void): void {
  void source.poll(pollOf());
  typed(pollOf());
  typed(pollOf({ cursor: { since: 1 } }));
  // @ts-expect-error -- the trigger left another cursor
  typed(pollOf({ cursor: { since: '1' } }));
  const context = taskContext({ data: { at: new Date(), name: 'Ada' } });
  assertType<Equal<typeof context.data.at, string>>();
  // @ts-expect-error -- there are no such data
  void context.data.nmae;
}
