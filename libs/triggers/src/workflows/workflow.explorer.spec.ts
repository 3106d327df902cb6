import { Injectable, Scope } from '@nestjs/common';
import type { Type } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import type { TestingModule } from '@nestjs/testing';
import { DefinitionProblems } from '../discovery/definition-problems.js';
import { ProviderExplorer } from '../discovery/provider.explorer.js';
import type { DefinitionErrors } from '../model/errors.js';
import type { CallbackTarget } from './workflow.definition.js';
import { Task } from './task.decorator.js';
import type { TaskOptions } from './task.options.js';
import { taskId } from './task.options.js';
import type { TaskContext } from './task-context.js';
import { Workflow } from './workflow.decorator.js';
import type { WorkflowOptions } from './workflow.decorator.js';
import { WorkflowExplorer } from './workflow.explorer.js';
import { WorkflowRegistry } from './workflow.registry.js';

const told: unknown[][] = [];

@Injectable()
class Notifier {
  private readonly name = 'notifier';

  onSuccess(...args: unknown[]): void {
    told.push([this.name, ...args]);
  }

  onFailure(): void {}
}

class Unprovided {
  onSuccess(): void {}
}

function logFailure(...args: unknown[]): void {
  told.push(['function', ...args]);
}

@Workflow({
  name: 'files',
  description: 'Files',
  onSuccess: Notifier,
  onFailure: () => Promise.reject(new Error('at once')),
})
class Files {
  private readonly name = 'files';

  @Task({ dependencies: ['read_file'], timeout: 'none', onRetry: 'remember', runWhen: 'allDone' })
  write(context: TaskContext) {
    return { by: this.name, context };
  }

  @Task({ id: 'read', onSuccess: Notifier, onFailure: logFailure, retry: { attempts: 5 }, when: () => true })
  readFile(): void {}

  remember(...args: unknown[]): void {
    told.push([this.name, ...args]);
  }
}

let app: TestingModule | undefined;

async function explore(...providers: Type[]): Promise<{ registry: WorkflowRegistry; problems: readonly string[] }> {
  const own = [ProviderExplorer, DefinitionProblems, WorkflowRegistry, WorkflowExplorer];
  app = await Test.createTestingModule({ imports: [DiscoveryModule], providers: [...own, ...providers] }).compile();
  app.get(WorkflowExplorer).explore();
  return { registry: app.get(WorkflowRegistry), problems: problemsOf(app.get(DefinitionProblems)) };
}

function problemsOf(problems: DefinitionProblems): readonly string[] {
  try {
    problems.throwIfAny();
    return [];
  } catch (error) {
    return (error as DefinitionErrors).problems.map(({ code, message }) => `${code} ${message}`);
  }
}

/** A workflow class whose options may be wrong in ways that do not compile. */
function workflowWith(workflow: unknown, ...tasks: unknown[]): Type {
  class Built {}
  tasks.forEach((options, index) => {
    const name = `task${index}`;
    Object.defineProperty(Built.prototype, name, { value: () => undefined, configurable: true });
    const decorate = Task(options as TaskOptions) as (target: object, key: string, descriptor: unknown) => void;
    decorate(Built.prototype, name, undefined);
  });
  (Workflow(workflow as WorkflowOptions) as (target: Type) => void)(Built);
  return Built;
}

const call = async (target: CallbackTarget | undefined, ...args: unknown[]): Promise<unknown> => target!.call(args);

describe('WorkflowExplorer', () => {
  afterEach(async () => {
    told.length = 0;
    await app?.close();
    app = undefined;
  });

  it('registers a workflow with its tasks in topological order and every default', async () => {
    const { registry, problems } = await explore(Files, Notifier);
    expect(problems).toEqual([]);
    const files = registry.get('files')!;
    expect(files).toMatchObject({ name: 'files', description: 'Files', input: null, target: Files });
    expect(files.tasks.map(({ id }) => id)).toEqual(['read', 'write']);
    const [read, write] = files.tasks;
    expect(read).toMatchObject({
      timeoutMs: 1_800_000,
      runWhen: 'allSucceeded',
      dependents: ['write'],
      retry: { attempts: 5 },
    });
    expect(write).toMatchObject({
      timeoutMs: null,
      runWhen: 'allDone',
      dependencies: ['read'],
      retry: { attempts: 3 },
    });
    expect(read!.when).toBeDefined();
    await expect(write!.method.invoke(['context'])).resolves.toEqual({ by: 'files', context: 'context' });
  });

  it('resolves callbacks that are functions, methods and providers', async () => {
    const { registry } = await explore(Files, Notifier);
    const { tasks, callbacks } = registry.get('files')!;
    await call(tasks[0]!.callbacks.onSuccess, 'read', 1);
    await call(tasks[0]!.callbacks.onFailure, 'read', 2);
    await call(tasks[1]!.callbacks.onRetry, 'write', 3);
    await call(callbacks.onSuccess, 'files', 4);
    expect(told).toEqual([
      ['notifier', 'read', 1],
      ['function', 'read', 2],
      ['files', 'write', 3],
      ['notifier', 'files', 4],
    ]);
    await expect(call(callbacks.onFailure)).rejects.toThrow('at once');
    expect(tasks[0]!.callbacks.onFailure!.label).toBe('logFailure');
    expect(tasks[1]!.callbacks).toMatchObject({ onSuccess: undefined, onRetry: { label: 'Files.remember' } });
  });

  it('finds a workflow without @Injectable and one that is request-scoped', async () => {
    @Workflow({ name: 'scoped' })
    @Injectable({ scope: Scope.REQUEST })
    class Scoped {
      @Task()
      only(): object {
        return { instance: this };
      }
    }
    const { registry } = await explore(Scoped);
    const { method } = registry.get('scoped')!.tasks[0]!;
    const [one, two] = (await Promise.all([method.invoke([]), method.invoke([])])) as { instance: object }[];
    expect(one!.instance).toBeInstanceOf(Scoped);
    expect(one!.instance).not.toBe(two!.instance);
  });

  it('finds a workflow by name, class and hash', async () => {
    const { registry } = await explore(Files, Notifier);
    const files = registry.get('files')!;
    expect(registry.all()).toEqual([files]);
    expect(registry.require(Files)).toBe(files);
    expect(registry.require('files')).toBe(files);
    expect(registry.byHash('files', files.hash)).toBe(files);
    expect(registry.byHash('files', 'other')).toBeUndefined();
    expect(registry.poolOf('files', files.hash, 'read')).toBe('default');
    expect(registry.poolOf('files', 'other', 'read')).toBeUndefined();
    expect(registry.poolOf('files', files.hash, 'gone')).toBeUndefined();
  });

  it('says which workflow is unknown, to whom, and which are known', async () => {
    const { registry } = await explore(Files, Notifier);
    expect(() => registry.require('bakup', 'Trigger "nightly"')).toThrow(
      'Trigger "nightly" starts unknown workflow "bakup". Known: "files".',
    );
    expect(() => registry.require(Notifier, 'Trigger "nightly"')).toThrow(
      /the class Notifier, which is no workflow: put/,
    );
    expect(() => registry.require(undefined as never, 'Trigger "nightly"')).toThrow(/a circular import/);
  });

  // Cloacina case 74
  it.each<[string, Type, RegExp]>([
    ['a bad name', workflowWith({ name: '1st' }, {}), /TRG_DEF_INVALID_NAME Workflow of class Built: "1st"/],
    ['no tasks', workflowWith({ name: 'w' }), /TRG_DEF_NO_TASKS Workflow "w" has no tasks/],
    [
      'a bad task id',
      workflowWith({ name: 'w' }, { id: 'a b' }),
      /TRG_DEF_INVALID_NAME Workflow "w", task of method "task0": "a b"/,
    ],
    ['two tasks of one id', workflowWith({ name: 'w' }, { id: 'a' }, { id: 'a' }), /TRG_DEF_DUPLICATE_TASK/],
    [
      'an unknown dependency',
      workflowWith({ name: 'w' }, { dependencies: [taskId('x')] }),
      /TRG_DEF_UNKNOWN_DEPENDENCY .* Known: "task0"/,
    ],
    ['a cycle', workflowWith({ name: 'w' }, { dependencies: ['task0'] }), /TRG_DEF_TASK_CYCLE/],
    [
      'a bad timeout',
      workflowWith({ name: 'w' }, { timeout: '30' }),
      /TRG_DEF_INVALID_DURATION Workflow "w", task "task0", option "timeout"/,
    ],
    [
      'no time',
      workflowWith({ name: 'w' }, { timeout: '0s' }),
      /TRG_DEF_INVALID_OPTION .*option "timeout": 0s leaves no time/,
    ],
    [
      'a bad rule',
      workflowWith({ name: 'w' }, { runWhen: 'always' }),
      /option "runWhen" is "always"; it takes "allSucceeded"/,
    ],
    [
      'a bad pool',
      workflowWith({ name: 'w' }, { pool: 'big one' }),
      /TRG_DEF_INVALID_NAME Workflow "w", task "task0", option "pool": "big one" is no name/,
    ],
    [
      'a bad retry',
      workflowWith({ name: 'w' }, { retry: { attempts: 0 } }),
      /TRG_DEF_INVALID_OPTION .*"retry.attempts"/,
    ],
    [
      'a callback that is no method',
      workflowWith({ name: 'w' }, { onSuccess: 'x' }),
      /TRG_DEF_UNKNOWN_CALLBACK .*option "onSuccess": the class Built has no method "x"/,
    ],
    [
      'a callback that no module provides',
      workflowWith({ name: 'w', onSuccess: Unprovided }, {}),
      /Workflow "w", option "onSuccess": no module provides the class Unprovided/,
    ],
    [
      'a callback without the method',
      workflowWith({ name: 'w' }, { onRetry: Notifier }),
      /the class Notifier has no method "onRetry"/,
    ],
    ['a callback that is nothing', workflowWith({ name: 'w' }, { onRetry: null }), /it is object; a circular import/],
    [
      'a bad input',
      workflowWith({ name: 'w', input: undefined }, {}),
      /TRG_DEF_INVALID_OPTION Workflow "w", option "input" is undefined/,
    ],
  ])('reports %s', async (_what, workflow, message) => {
    const { problems } = await explore(workflow, Notifier);
    expect(problems).toEqual([expect.stringMatching(message)]);
  });

  it('reports two workflows of one name, and a class whose @Workflow was forgotten, together', async () => {
    class Forgotten {
      @Task()
      only(): void {}
    }
    const { problems } = await explore(workflowWith({ name: 'w' }, {}), workflowWith({ name: 'w' }, {}), Forgotten);
    expect(problems).toEqual([
      expect.stringMatching(/TRG_DEF_DUPLICATE_WORKFLOW Two workflows have the name "w"/),
      expect.stringMatching(/The class Forgotten has methods with @Task but is no workflow/),
    ]);
  });
});
