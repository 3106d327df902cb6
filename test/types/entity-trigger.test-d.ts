import { TriggerResult } from '../../libs/triggers/src/model/trigger-result.js';
import type { EntityChange, EntityRow } from '../../libs/triggers/src/sources/entity/entity-change.js';
import { EntityTrigger } from '../../libs/triggers/src/sources/entity/entity-trigger.decorator.js';
import type { TriggersService } from '../../libs/triggers/src/admin/triggers.service.js';
import type { PendingFire } from '../../libs/triggers/src/sources/entity/outbox/outbox-writer.service.js';
import type { TaskContext } from '../../libs/triggers/src/workflows/task-context.js';
import type { EntityManager } from 'typeorm';
import type { Equal } from './equal.js';

class User {
  id!: number;
  name!: string;
  bornAt!: Date | null;
  nick?: string;
  settings!: { readonly dark: boolean };
  friends!: User[];
  rename(_name: string): void {}
}

class Welcome {
  greet(_context: TaskContext<{ readonly userId: number }>): void {}
}

class Note {
  take(_context: TaskContext): void {}
}

type Row = EntityRow<User>;
const name: Equal<Row['name'], string> = true;
const bornAt: Equal<Row['bornAt'], Date | null> = true;
// Of a relation only the key is known, and a value of another class may be none.
const settings: Equal<Row['settings'], { readonly dark: boolean } | undefined> = true;
const methods: Equal<'rename' extends keyof Row ? true : false, false> = true;
const noBefore: Equal<EntityChange<User, 'insert'>['before'], null> = true;
const after: Equal<EntityChange<User, 'insert' | 'remove'>['after'], EntityRow<User> | null> = true;
export const KNOWN = [name, bornAt, settings, methods, noBefore, after];

export class Accepted {
  @EntityTrigger({ workflow: Note, entity: User, on: ['insert', 'update', 'remove'] })
  nothing() {}

  @EntityTrigger({ workflow: Welcome, entity: User, on: ['insert'] })
  created({ after: user }: EntityChange<User, 'insert'>) {
    return { userId: user.id };
  }

  @EntityTrigger({
    workflow: Welcome,
    entity: User,
    on: ['update', 'remove'],
    columns: ['name', 'settings'],
    when: ({ before }) => before.name !== '',
    whenDisabled: 'reject',
    dataSource: 'users',
  })
  async changed(change: EntityChange<User, 'update' | 'remove'>) {
    if (change.operation === 'remove') return TriggerResult.skip('gone');
    return TriggerResult.fire({ userId: change.after.id });
  }

  @EntityTrigger({ workflow: 'by_name', entity: User, on: ['insert'] })
  any(change: EntityChange<User>) {
    return { user: change.id };
  }
}

export class Refused {
  // @ts-expect-error -- what is fired without a method's word has no userId
  @EntityTrigger({ workflow: Welcome, entity: User, on: ['insert'] })
  nothing() {}

  // @ts-expect-error -- the workflow takes a number
  @EntityTrigger({ workflow: Welcome, entity: User, on: ['insert'] })
  wrongContext({ after: user }: EntityChange<User, 'insert'>) {
    return { userId: user.name };
  }

  // @ts-expect-error -- the workflow takes a userId
  @EntityTrigger({ workflow: Welcome, entity: User, on: ['insert'] })
  wrongResult() {
    return TriggerResult.fire({ user: 1 });
  }

  // @ts-expect-error -- it is told of updates too
  @EntityTrigger({ workflow: Note, entity: User, on: ['insert', 'update'] })
  narrow(_change: EntityChange<User, 'insert'>) {}

  // @ts-expect-error -- of another entity
  @EntityTrigger({ workflow: Note, entity: User, on: ['insert'] })
  other(_change: EntityChange<{ readonly total: number }, 'insert'>) {}

  // @ts-expect-error -- it takes a change and nothing else
  @EntityTrigger({ workflow: Note, entity: User, on: ['insert'] })
  more(_change: EntityChange<User, 'insert'>, _more: number) {}

  // @ts-expect-error -- a context is an object
  @EntityTrigger({ workflow: Note, entity: User, on: ['insert'] })
  text() {
    return 'a';
  }

  // @ts-expect-error -- no such operation
  @EntityTrigger({ workflow: Note, entity: User, on: ['delete'] })
  unknownOperation() {}

  // @ts-expect-error -- at least one
  @EntityTrigger({ workflow: Note, entity: User, on: [] })
  noOperation() {}

  // @ts-expect-error -- the entity has no such column
  @EntityTrigger({ workflow: Note, entity: User, on: ['update'], columns: ['city'] })
  unknownColumn() {}

  // @ts-expect-error -- a method is no column
  @EntityTrigger({ workflow: Note, entity: User, on: ['update'], columns: ['rename'] })
  methodAsColumn() {}

  // @ts-expect-error -- of an insert nothing was there before
  @EntityTrigger({ workflow: Note, entity: User, on: ['insert'], when: ({ before }) => before.name !== '' })
  when() {}

  // @ts-expect-error -- it watches something
  @EntityTrigger({ workflow: Note, on: ['insert'] })
  withoutEntity() {}

  // @ts-expect-error -- Nest has no instance to call
  @EntityTrigger({ workflow: Note, entity: User, on: ['insert'] })
  static onClass() {}
}

export async function later(triggers: TriggersService, manager: EntityManager): Promise<PendingFire> {
  const pending = await triggers.fire('paid', { cents: 7 }, { manager });
  // @ts-expect-error -- nothing is decided yet
  void pending.firingId;
  // @ts-expect-error -- an Idempotency-Key belongs to a request, which is answered at once
  await triggers.fire('paid', {}, { manager, idempotency: { key: 'a', user: 'b' } });
  return pending;
}
