import type { OnTaskFailure, OnTaskSuccess } from '../../libs/triggers/src/workflows/callback.types.js';
import type { TaskContext } from '../../libs/triggers/src/workflows/task-context.js';
import { Task } from '../../libs/triggers/src/workflows/task.decorator.js';
import { taskId } from '../../libs/triggers/src/workflows/task.options.js';

interface Order {
  readonly id: string;
  readonly at: Date;
}

class Notifier implements OnTaskSuccess, OnTaskFailure {
  onSuccess(_taskId: string, _context: TaskContext<Order>): void {}
  onFailure(_taskId: string, _error: Error): void {}
}

class NoCallback {
  ring(): void {}
}

declare const anyText: string;

export class Accepted {
  @Task()
  readOrder(context: TaskContext<Order>) {
    const at: string = context.data.at;
    return { at };
  }

  @Task({ dependencies: ['readOrder'] })
  byMethodName(): void {}

  @Task({ dependencies: ['read_order', 'byMethodName', taskId('extract-v2')] })
  async bySnakeCaseAndOwnId(): Promise<void> {}

  @Task({
    id: 'extract-v2',
    onSuccess: 'tellSuccess',
    onFailure: Notifier,
    onRetry: (id, error, context) => [id.length, error.message, context.data['x']],
  })
  withEveryFormOfCallback(context: TaskContext): TaskContext {
    context.set('x', 1);
    return context;
  }

  @Task({ onSuccess: (id, context: TaskContext<Order>) => [id.length, context.data.at.length] })
  withNarrowedCallback(): undefined {}

  @Task({ when: (context, upstream) => upstream['a']?.state === 'failed' && context.data['x'] === 1 })
  withCondition(context?: TaskContext<Order>): { id: string } | undefined {
    return context && { id: context.data.id };
  }

  @Task({ when: (context: TaskContext<Order>) => context.data.id === 'x' })
  withNarrowedCondition(_context: unknown): never {
    throw new Error('never returns');
  }

  tellSuccess(_taskId: string, _context: TaskContext): void {}
}

export class Refused {
  // @ts-expect-error -- no method has this name
  @Task({ dependencies: ['missing'] })
  unknownDependency(): void {}

  // @ts-expect-error -- one of the two is no method
  @Task({ dependencies: ['unknownDependency', 'unknown_dependancy'] })
  misspeltDependency(): void {}

  // @ts-expect-error -- a text that is not known at compile time needs taskId()
  @Task({ dependencies: [anyText] })
  dynamicDependency(): void {}

  // @ts-expect-error -- a property is no task
  @Task({ dependencies: ['property'] })
  dependencyOnProperty(): void {}

  // @ts-expect-error -- an output is an object
  @Task()
  returnsNumber(): number {
    return 1;
  }

  // @ts-expect-error -- an output is an object, also behind a promise
  @Task()
  async returnsText(): Promise<string> {
    return '';
  }

  // @ts-expect-error -- an array cannot be merged
  @Task()
  returnsArray(): { id: string }[] {
    return [];
  }

  // @ts-expect-error -- sometimes no object is still wrong
  @Task()
  returnsObjectOrNull(): { id: string } | null {
    return null;
  }

  // @ts-expect-error -- a task takes its context
  @Task()
  takesText(_text: string): void {}

  // @ts-expect-error -- and nothing else
  @Task()
  takesMore(_context: TaskContext, _more: string): void {}

  // @ts-expect-error -- no method has this name
  @Task({ onSuccess: 'tellNobody' })
  unknownCallback(): void {}

  // @ts-expect-error -- the class has no onSuccess
  @Task({ onSuccess: NoCallback })
  callbackClassWithoutMethod(): void {}

  // @ts-expect-error -- the first parameter is the id of the task
  @Task({ onSuccess: (_context: TaskContext) => undefined })
  callbackWithWrongParameters(): void {}

  // @ts-expect-error -- no such option
  @Task({ dependecies: [] })
  misspeltOption(): void {}

  // @ts-expect-error -- a duration is a number and a unit
  @Task({ timeout: '30 seconds' })
  badDuration(): void {}

  // @ts-expect-error -- no such backoff
  @Task({ retry: { backoff: 'quadratic' } })
  badBackoff(): void {}

  // @ts-expect-error -- no such rule
  @Task({ runWhen: 'always' })
  badRule(): void {}

  // @ts-expect-error -- Nest has no instance to call
  @Task()
  static onClass(): void {}

  // @ts-expect-error -- a task is a method
  @Task()
  property = 1;
}
