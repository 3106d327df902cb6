/** The code that docs/guides/entity-triggers.md shows. */
import { Injectable } from '@nestjs/common';
import { EntityTrigger, ManualTrigger, Task, TriggerResult, TriggersService, Workflow } from 'nestjs-triggers';
import type { EntityChange, TaskContext } from 'nestjs-triggers';
import { Column, DataSource, Entity, PrimaryGeneratedColumn } from 'typeorm';

// #region entity
@Entity()
export class User {
  @PrimaryGeneratedColumn()
  id!: number;

  @Column()
  email!: string;

  @Column({ default: 'free' })
  plan!: string;
}
// #endregion

// #region first
@Workflow({ name: 'onboarding' })
export class Onboarding {
  @Task()
  welcome(context: TaskContext<{ userId: number; email: string }>) {
    return { sentTo: context.data.email };
  }
}

@Injectable()
export class UserTriggers {
  @EntityTrigger({ workflow: Onboarding, entity: User, on: ['insert'] })
  newUser({ after }: EntityChange<User, 'insert'>) {
    return { userId: after.id, email: after.email };
  }
}
// #endregion

// #region columns
@Workflow({ name: 'thanks' })
export class Thanks {
  @Task()
  send(_context: TaskContext<{ userId: number; plan: string }>) {}
}

@Injectable()
export class PlanTriggers {
  @EntityTrigger({
    workflow: Thanks,
    entity: User,
    on: ['update'],
    columns: ['plan'],
    when: ({ after }) => after.plan !== 'free',
  })
  upgraded({ before, after }: EntityChange<User, 'update'>) {
    if (before.plan !== 'free') return TriggerResult.skip(`had ${before.plan} before`);
    return { userId: after.id, plan: after.plan };
  }
}
// #endregion

// #region fire
@Injectable()
export class Checkout {
  constructor(
    private readonly source: DataSource,
    private readonly triggers: TriggersService,
  ) {}

  async pay(userId: number, plan: string): Promise<void> {
    await this.source.transaction(async (manager) => {
      await manager.update(User, { id: userId }, { plan });
      await this.triggers.fire('paid', { userId, plan }, { manager });
    });
  }
}
// #endregion

@Injectable()
export class PaymentTriggers {
  @ManualTrigger({ workflow: 'thanks' })
  paid(): void {}
}
