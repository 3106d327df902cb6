// The code of docs/guides/manual-triggers.md, run.
import { Injectable } from '@nestjs/common';
import { IsInt, IsOptional, Matches, Max, Min } from 'class-validator';
import { ManualTrigger, Task, TriggerResult, TriggersService, Workflow } from 'nestjs-triggers';
import type { Identity, ManualRequest, TaskContext } from 'nestjs-triggers';
import { boot, cleanUp } from '../support/app.js';
import type { TestApp } from '../support/app.js';

// #region trigger
export class ExportMonth {
  @Matches(/^\d{4}-\d\d$/)
  month!: string;

  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(10)
  copies?: number;
}

@Workflow({ name: 'export' })
export class Export {
  @Task()
  write(context: TaskContext<{ month: string; mailTo: string | null }>) {
    return { file: `${context.data.month}.csv` };
  }
}

@Injectable()
export class Reports {
  @ManualTrigger({ workflow: Export, name: 'export', input: ExportMonth, exclusive: true })
  exportMonth({ input, initiatedBy }: ManualRequest<ExportMonth>) {
    if (input.month < '2020-01') return TriggerResult.skip('the archive begins in 2020');
    return { month: input.month, mailTo: initiatedBy };
  }
}
// #endregion

// #region permission
@Injectable()
export class Payments {
  @ManualTrigger({ workflow: 'pay', name: 'pay_out', permission: 'payments:release' })
  payOut(): void {}

  @ManualTrigger({
    workflow: 'pay',
    name: 'pay_back',
    permission: ({ id, permissions = [] }, { input }) => permissions.includes('payments:release') && input['to'] !== id,
  })
  payBack(): void {}
}
// #endregion

@Workflow({ name: 'pay' })
class Pay {
  @Task()
  pay(): void {}
}

// #region program
@Injectable()
export class ExportButton {
  constructor(private readonly triggers: TriggersService) {}

  async clicked(user: string, month: string): Promise<string | undefined> {
    const outcome = await this.triggers.fire('export', { month }, { initiatedBy: user, reason: 'the export button' });
    return outcome.executionIds[0];
  }
}
// #endregion

const USERS: Readonly<Record<string, Identity>> = {
  ann: { id: 'ann', roles: ['operator'] },
  bob: { id: 'bob', roles: ['operator'], permissions: ['payments:release'] },
};
const admin = {
  guards: [{ canActivate: () => true }],
  identify: (request: unknown) =>
    USERS[(request as { headers: Record<string, string> }).headers['x-user'] ?? ''] ?? null,
};

describe('the guide to manual triggers', () => {
  let app: TestApp;
  beforeEach(async () => {
    app = await boot({ database: 'sqlite', providers: [Export, Pay, Reports, Payments, ExportButton], admin });
  });
  afterEach(cleanUp);

  const fire = (name: string, context: object, user: string) =>
    app.call('POST', `/${name}/fire`, { context }, { 'x-user': user });

  it('exports a month for who asks', async () => {
    const { body } = await fire('export', { month: '2026-11' }, 'ann');
    expect(await app.kit.result(body.executionIds[0])).toMatchObject({
      input: { month: '2026-11', mailTo: 'ann' },
      result: { file: '2026-11.csv' },
    });
    expect((await fire('export', { month: '2019-12' }, 'ann')).body).toMatchObject({
      status: 'skipped',
      reason: 'the archive begins in 2020',
    });
    expect((await fire('export', { month: 'May' }, 'ann')).status).toBe(422);
  });

  it('lets out money only where the permission says so', async () => {
    const statuses = [
      await fire('pay_out', { month: '2026-11' }, 'ann'),
      await fire('pay_out', { month: '2026-11' }, 'bob'),
      await fire('pay_back', { to: 'bob' }, 'bob'),
      await fire('pay_back', { to: 'ann' }, 'bob'),
    ].map(({ status }) => status);
    expect(statuses).toEqual([403, 202, 403, 202]);
  });

  it('exports a month for a program', async () => {
    const executionId = await app.nest.get(ExportButton).clicked('ann', '2026-11');
    expect(await app.kit.result(executionId)).toMatchObject({ state: 'completed', initiatedBy: 'ann' });
  });
});
