import { Injectable } from '@nestjs/common';
import { Task, TriggerResult, Workflow, WorkflowTrigger } from 'nestjs-triggers';
import type { EndResult, TaskContext, WorkflowEnd } from 'nestjs-triggers';

// #region billing
@Workflow({ name: 'bill' })
export class Bill {
  @Task()
  add(context: TaskContext<{ customer: string; items: readonly number[] }>) {
    return { total: context.data.items.reduce((sum, item) => sum + item, 0) };
  }
}

@Workflow({ name: 'thank' })
export class Thank {
  @Task()
  write(_context: TaskContext<{ customer: string; total: number }>) {}
}

@Workflow({ name: 'alarm' })
export class Alarm {
  @Task()
  ring(_context: TaskContext<{ executionId: string; state: string }>) {}
}

@Injectable()
export class BillTriggers {
  @WorkflowTrigger({ workflow: Bill, on: 'completed', start: Thank })
  billed(end: WorkflowEnd<EndResult<typeof Bill>, 'completed'>) {
    const { customer, total = 0 } = end.result;
    return total === 0 ? TriggerResult.skip('nothing was bought') : { customer, total };
  }

  @WorkflowTrigger({ workflow: Bill, on: ['failed', 'cancelled'], start: Alarm })
  notBilled() {}
}
// #endregion
