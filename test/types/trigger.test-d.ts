import { TriggerResult } from '../../libs/triggers/src/model/trigger-result.js';
import type { Poll, TriggerSource } from '../../libs/triggers/src/sources/poll/poll.js';
import { Trigger } from '../../libs/triggers/src/sources/poll/trigger.decorator.js';
import type { TaskContext } from '../../libs/triggers/src/workflows/task-context.js';

class Arrived {
  filename!: string;
}

class Files {
  read(_context: TaskContext<Arrived>): void {}
}

class Tags {
  tag(_context: TaskContext<{ readonly tag: string }>): void {}
}

class Config {
  readonly interval = '5s' as const;
}

export class Accepted {
  @Trigger({ workflow: Files, filter: (context) => context.filename.endsWith('.csv') })
  async typed(poll: Poll<{ since: number }>): Promise<TriggerResult<Arrived>> {
    return TriggerResult.fire({ filename: String(poll.cursor?.since) });
  }

  @Trigger({ workflow: Files, name: 'one' })
  @Trigger({ workflow: 'by_name', name: 'two', filter: (context) => context['filename'] !== 'x' })
  inferred() {
    if (this.constructor.name === '') return TriggerResult.skip('nothing');
    return TriggerResult.fire({ filename: 'a', more: 1 });
  }

  @Trigger({ workflow: [Files, Tags], pollInterval: (ref) => ref.get(Config).interval, enabled: async () => true })
  async several(_poll?: Poll) {
    return TriggerResult.fireMany([{ context: { filename: 'a', tag: 'b' }, dedupKey: 'c' }]);
  }

  @Trigger({
    workflow: 'by_name',
    onError: 'observe',
    rateLimit: { limit: 10, per: '1m' },
    dedup: { while: 'running' },
  })
  empty() {
    return TriggerResult.fire();
  }

  @Trigger({ workflow: 'by_name', onError: (error, poll) => [error.message, poll.trigger] })
  onlySkips(): TriggerResult {
    return TriggerResult.skip();
  }

  observe(_error: Error): void {}
}

@Trigger({ workflow: Files, onError: 'observe' })
export class Inbox implements TriggerSource<Arrived> {
  async poll(_poll: Poll<{ since: number }>): Promise<TriggerResult<Arrived>> {
    return TriggerResult.skip();
  }

  observe(): void {}
}

export class Refused {
  // @ts-expect-error -- the workflow takes a filename
  @Trigger({ workflow: Files })
  async wrongContext() {
    return TriggerResult.fire({ file: 'a' });
  }

  // @ts-expect-error -- the workflow takes a filename, and nothing is fired with it
  @Trigger({ workflow: Files })
  noContext() {
    return TriggerResult.fire();
  }

  // @ts-expect-error -- one of the two ways fires the wrong context
  @Trigger({ workflow: Files })
  sometimesWrong(poll: Poll) {
    return poll.dryRun ? TriggerResult.fire({ filename: 'a' }) : TriggerResult.fire({ file: 'a' });
  }

  // @ts-expect-error -- the second workflow takes a tag
  @Trigger({ workflow: [Files, Tags] })
  halfContext() {
    return TriggerResult.fire({ filename: 'a' });
  }

  // @ts-expect-error -- a trigger says what it found
  @Trigger({ workflow: Files })
  returnsBoolean(): boolean {
    return true;
  }

  // @ts-expect-error -- nothing is no answer
  @Trigger({ workflow: Files })
  async sometimesNothing(): Promise<TriggerResult<Arrived> | undefined> {
    return undefined;
  }

  // @ts-expect-error -- a trigger takes its poll
  @Trigger({ workflow: Files })
  takesText(_text: string): TriggerResult<Arrived> {
    return TriggerResult.skip();
  }

  // @ts-expect-error -- and nothing else
  @Trigger({ workflow: Files })
  takesMore(_poll: Poll, _more: number): TriggerResult<Arrived> {
    return TriggerResult.skip();
  }

  // @ts-expect-error -- no method has this name
  @Trigger({ workflow: Files, onError: 'nobody' })
  unknownObserver(): TriggerResult<Arrived> {
    return TriggerResult.skip();
  }

  // @ts-expect-error -- a trigger starts something
  @Trigger({ pollInterval: '1s' })
  withoutWorkflow(): TriggerResult {
    return TriggerResult.skip();
  }

  // @ts-expect-error -- several are at least one
  @Trigger({ workflow: [] })
  withNoWorkflow(): TriggerResult {
    return TriggerResult.skip();
  }

  // @ts-expect-error -- the context has no such field
  @Trigger({ workflow: Files, filter: (context) => context.file === 'a' })
  wrongFilter(): TriggerResult<Arrived> {
    return TriggerResult.skip();
  }

  // @ts-expect-error -- no such option
  @Trigger({ workflow: Files, interval: '1s' })
  misspeltOption(): TriggerResult<Arrived> {
    return TriggerResult.skip();
  }

  // @ts-expect-error -- Nest has no instance to call
  @Trigger({ workflow: Files })
  static onClass(): TriggerResult<Arrived> {
    return TriggerResult.skip();
  }
}

// @ts-expect-error -- a trigger class has a poll method
@Trigger({ workflow: Files })
export class NoSource {}

// @ts-expect-error -- it fires the wrong context
@Trigger({ workflow: Files })
export class WrongSource {
  poll(): TriggerResult<{ file: string }> {
    return TriggerResult.skip();
  }
}
