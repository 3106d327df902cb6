import { z } from 'zod';
import type { ExecutionView, TaskContext } from '../../libs/triggers/src/workflows/task-context.js';
import type { WorkflowContext, WorkflowInput } from '../../libs/triggers/src/workflows/workflow-ref.js';
import { Task } from '../../libs/triggers/src/workflows/task.decorator.js';
import { Workflow } from '../../libs/triggers/src/workflows/workflow.decorator.js';
import { assertType } from './equal.js';
import type { Equal } from './equal.js';

class Arrived {
  filename!: string;
  at!: Date;
}

class Elsewhere {
  url!: string;
}

class Accounts {
  readonly base = 'https://example.test';
}

@Workflow({
  name: 'typed',
  input: Arrived,
  onSuccess: 'told',
  onFailure: (name, error, context) => [name.length, error.message, context.data['x']],
})
export class Typed {
  constructor(readonly accounts: Accounts) {}

  @Task()
  first(_context: TaskContext<Arrived>): void {}

  @Task({ dependencies: ['first'] })
  second(_context: TaskContext<Arrived & { readonly size: number }>): void {}

  @Task({ dependencies: ['second'] })
  third(_context: TaskContext): void {}

  told(_workflow: string, _context: ExecutionView<Arrived>): void {}
}

@Workflow({ name: 'untyped' })
export class Untyped {
  @Task()
  only(_context: TaskContext): void {}
}

export class Tagged {
  only(_context: TaskContext<{ readonly tag: string }>): void {}
}

@Workflow({ name: 'zod', input: z.object({ url: z.string() }) })
export class WithSchema {
  @Task()
  only(_context: TaskContext<Elsewhere>): void {}
}

assertType<Equal<WorkflowInput<typeof Untyped>, object>>();
assertType<Equal<WorkflowInput<string>, object>>();
assertType<Equal<WorkflowContext<'backup'>, Readonly<Record<string, unknown>>>>();
assertType<Equal<WorkflowContext<typeof Tagged>, { readonly tag: string }>>();

export const fits: WorkflowInput<typeof Typed> = { filename: 'a', at: new Date() };
export const fitsBoth: WorkflowInput<readonly [typeof Typed, typeof Tagged]> = { ...fits, tag: 'x' };
export const readAfterJson: string = ({} as WorkflowContext<typeof Typed>).at;

// @ts-expect-error -- the tasks need a filename
export const lacksField: WorkflowInput<typeof Typed> = { at: new Date() };
// @ts-expect-error -- the second workflow needs a tag
export const lacksTag: WorkflowInput<readonly [typeof Typed, typeof Tagged]> = { ...fits };

// @ts-expect-error -- the input is not what the task takes
@Workflow({ name: 'mismatch', input: Elsewhere })
export class Mismatch {
  @Task()
  only(_context: TaskContext<Arrived>): void {}
}

// @ts-expect-error -- the schema is not what the task takes
@Workflow({ name: 'mismatch_zod', input: z.object({ url: z.number() }) })
export class MismatchSchema {
  @Task()
  only(_context: TaskContext<Elsewhere>): void {}
}

// @ts-expect-error -- no method has this name
@Workflow({ name: 'unknown_callback', onFailure: 'tellNobody' })
export class UnknownCallback {}

// @ts-expect-error -- a workflow has a name
@Workflow({})
export class Nameless {}

export class OnMethod {
  // @ts-expect-error -- a workflow is a class
  @Workflow({ name: 'method' })
  method(): void {}
}
