import { TriggerResult } from '../../libs/triggers/src/model/trigger-result.js';
import type { WorkflowEnd } from '../../libs/triggers/src/sources/workflow/workflow-end.js';
import { WorkflowTrigger } from '../../libs/triggers/src/sources/workflow/workflow-trigger.decorator.js';
import type { TaskContext } from '../../libs/triggers/src/workflows/task-context.js';
import type { EndResult } from '../../libs/triggers/src/workflows/workflow-ref.js';
import type { Equal } from './equal.js';

class Bill {
  total(_context: TaskContext<{ readonly customer: string; readonly since: Date }>): { total: number; at: Date } {
    return { total: 1, at: new Date() };
  }

  async send(_context: TaskContext): Promise<{ sent: boolean }> {
    return { sent: true };
  }

  quiet(_context: TaskContext): void {}
}

class Alarm {
  ring(_context: TaskContext<{ readonly text: string }>): void {}
}

class Report {
  write(_context: TaskContext<{ readonly executionId: string; readonly state: string }>): void {}
}

type Result = EndResult<typeof Bill>;
const customer: Equal<Result['customer'], string> = true;
const total: Equal<Result['total'], number | undefined> = true;
const sent: Equal<Result['sent'], boolean | undefined> = true;
// What has been through JSON.
const since: Equal<Result['since'], string> = true;
const at: Equal<Result['at'], string | undefined> = true;
const other: Equal<Result['other'], unknown> = true;
export const KNOWN = [customer, total, sent, since, at, other];

export class Accepted {
  @WorkflowTrigger({ workflow: Bill, on: 'completed', start: Report })
  nothing() {}

  @WorkflowTrigger({ workflow: Bill, on: ['failed', 'cancelled'], start: Alarm, name: 'two' })
  maps(end: WorkflowEnd) {
    return { text: end.error?.message ?? end.state };
  }

  @WorkflowTrigger({
    workflow: Bill,
    on: 'completed',
    start: Alarm,
    filter: ({ text }) => text !== '',
    dedup: { for: '1d' },
  })
  async typed(end: WorkflowEnd<EndResult<typeof Bill>, 'completed'>) {
    const { total: amount = 0 } = end.result;
    return amount > 100 ? TriggerResult.fire({ text: String(amount) }) : TriggerResult.skip('small');
  }

  @WorkflowTrigger({ workflow: 'by_name', on: 'completed', start: ['other', Alarm] })
  byName(end: WorkflowEnd<{ readonly total: number }>) {
    if (end.result.total === 0) return TriggerResult.skip();
    return { text: String(end.result.total) };
  }

  @WorkflowTrigger({ workflow: 'by_name', on: 'completed', start: 'other' })
  sometimesNothing(end: WorkflowEnd) {
    if (end.trigger === null) return undefined;
    return { any: 'thing' };
  }
}

export class Refused {
  // @ts-expect-error -- what is fired without a method's word has no text
  @WorkflowTrigger({ workflow: Bill, on: 'completed', start: Alarm })
  nothing() {}

  // @ts-expect-error -- the alarm takes a text
  @WorkflowTrigger({ workflow: Bill, on: 'completed', start: Alarm })
  wrongContext() {
    return { txt: 'a' };
  }

  // @ts-expect-error -- the alarm takes a text
  @WorkflowTrigger({ workflow: Bill, on: 'completed', start: Alarm })
  wrongResult() {
    return TriggerResult.fire({ txt: 'a' });
  }

  // @ts-expect-error -- one of the two ways fires nothing that the alarm takes
  @WorkflowTrigger({ workflow: Bill, on: 'completed', start: Alarm })
  sometimesNothing(end: WorkflowEnd) {
    return end.trigger === null ? undefined : { text: 'a' };
  }

  // @ts-expect-error -- a context is an object
  @WorkflowTrigger({ workflow: Bill, on: 'completed', start: 'other' })
  text() {
    return 'a';
  }

  // @ts-expect-error -- it follows failures too
  @WorkflowTrigger({ workflow: Bill, on: ['completed', 'failed'], start: 'other' })
  narrowEnd(_end: WorkflowEnd<EndResult<typeof Bill>, 'completed'>) {}

  // @ts-expect-error -- the result has another total
  @WorkflowTrigger({ workflow: Bill, on: 'completed', start: 'other' })
  wrongEnd(_end: WorkflowEnd<{ readonly total: string }>) {}

  // @ts-expect-error -- it is told of an end
  @WorkflowTrigger({ workflow: Bill, on: 'completed', start: 'other' })
  takesText(_text: string) {}

  // @ts-expect-error -- and of nothing else
  @WorkflowTrigger({ workflow: Bill, on: 'completed', start: 'other' })
  takesMore(_end: WorkflowEnd, _more: number) {}

  // @ts-expect-error -- no such end
  @WorkflowTrigger({ workflow: Bill, on: 'finished', start: 'other' })
  unknownEnd() {}

  // @ts-expect-error -- it says which ends count
  @WorkflowTrigger({ workflow: Bill, start: 'other' })
  withoutEnd() {}

  // @ts-expect-error -- a trigger starts something
  @WorkflowTrigger({ workflow: Bill, on: 'completed' })
  withoutStart() {}

  // @ts-expect-error -- one workflow is followed; several are several triggers
  @WorkflowTrigger({ workflow: [Bill, Alarm], on: 'completed', start: 'other' })
  severalFollowed() {}

  // @ts-expect-error -- Nest has no instance to call
  @WorkflowTrigger({ workflow: Bill, on: 'completed', start: 'other' })
  static onClass() {}
}
