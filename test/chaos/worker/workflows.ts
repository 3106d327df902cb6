import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { JsonObject, TaskContext } from 'nestjs-triggers';
import { Task, Workflow } from 'nestjs-triggers';
import { write } from './application.js';
import { taskFailed, taskSucceeded, workflowFailed, workflowSucceeded } from './callbacks.js';
import { act } from './effects.js';
import type { Work } from './effects.js';
import { settings } from './settings.js';

const SOON = { attempts: 3, backoff: 'fixed', delay: '30ms' } as const;

/** One task, told of its end. */
@Workflow({ name: 'single' })
export class Single {
  @Task({ onSuccess: taskSucceeded, onFailure: taskFailed, retry: SOON })
  only(context: TaskContext<Work>): Promise<JsonObject> {
    return act(context, true);
  }
}

/** Three in a row; the first writes into the tables of the application, the second may fail, then the third is skipped. */
@Workflow({ name: 'chain', onSuccess: workflowSucceeded, onFailure: workflowFailed })
export class Chain {
  @Task()
  first(context: TaskContext<Work>): Promise<JsonObject> {
    return act(context).finally(() => write(context.data.item));
  }

  @Task({ dependencies: ['first'], onSuccess: taskSucceeded, onFailure: taskFailed, retry: SOON })
  second(context: TaskContext<Work>): Promise<JsonObject> {
    return act(context, true);
  }

  @Task({ dependencies: ['second'] })
  third(context: TaskContext<Work>): Promise<JsonObject> {
    return act(context);
  }
}

/** Out to three and in again; what joins them runs however they ended, what mends only after a failure. */
@Workflow({ name: 'fan', onSuccess: workflowSucceeded, onFailure: workflowFailed })
export class Fan {
  @Task()
  root(context: TaskContext<Work>): Promise<JsonObject> {
    return act(context);
  }

  @Task({ dependencies: ['root'] })
  left(context: TaskContext<Work>): Promise<JsonObject> {
    return act(context);
  }

  @Task({ dependencies: ['root'], onFailure: taskFailed, retry: SOON })
  middle(context: TaskContext<Work>): Promise<JsonObject> {
    return act(context, true);
  }

  @Task({ dependencies: ['root'] })
  right(context: TaskContext<Work>): Promise<JsonObject> {
    return act(context);
  }

  @Task({ dependencies: ['left', 'middle', 'right'], runWhen: 'allDone', onSuccess: taskSucceeded })
  join(context: TaskContext<Work>): Promise<JsonObject> {
    return act(context);
  }

  @Task({ dependencies: ['middle'], runWhen: 'anyFailed' })
  mend(context: TaskContext<Work>): Promise<JsonObject> {
    return act(context);
  }
}

/** Takes an item off the list that the trigger `waiting` reads. */
@Workflow({ name: 'taker' })
export class Taker {
  @Task()
  async take(context: TaskContext<Work>): Promise<JsonObject> {
    const result = await act(context);
    writeFileSync(join(settings.folder, 'done', context.data.item), '');
    return result;
  }
}

/** Follows the ends of `chain`. */
@Workflow({ name: 'follower' })
export class Follower {
  @Task()
  follow(context: TaskContext<Work>): Promise<JsonObject> {
    return act(context);
  }
}

/** Every workflow of the chaos, as providers. */
export const WORKFLOWS = [Single, Chain, Fan, Taker, Follower];
