import type { INestApplicationContext } from '@nestjs/common';
import { Dispatcher } from '../engine/dispatcher.service.js';
import { TriggerRegistry } from '../intake/trigger.registry.js';
import type { PollDefinition } from '../sources/poll/poll-trigger.definition.js';
import type { CommitKind } from '../store/commit-kind.js';
import type { SubmitOptions } from '../store/group-commit.js';
import type { Work } from '../store/dialects/batch.js';
import { Store } from '../store/store.service.js';
import type { CallbackTarget, WorkflowDefinition } from '../workflows/workflow.definition.js';
import { WorkflowRegistry } from '../workflows/workflow.registry.js';
import type { CrashPoint } from './crash-point.js';

type Reached = (point: CrashPoint) => void;

/** What group commit folds and has points of its own, by the name of its kind. */
const COMMITTED = {
  poll: 'poll',
  firing: 'firing',
  claim: 'claim',
  finish: 'finish',
  putBack: 'putBack',
  told: 'callback',
  followUp: 'followUp',
} as const;

const listeners = new WeakMap<Store, Reached[]>();

/** Calls the listener at every point that the application reaches from now on. */
export function whenReached(app: INestApplicationContext, listener: Reached): void {
  const store = app.get(Store, { strict: false });
  const known = listeners.get(store);
  if (known !== undefined) return void known.push(listener);
  const own = [listener];
  listeners.set(store, own);
  wrapEverything(app, store, (point) => own.forEach((reached) => reached(point)));
}

function wrapEverything(app: INestApplicationContext, store: Store, reached: Reached): void {
  wrapTransactions(store, reached);
  wrapSubmits(store, reached);
  wrapHandingOut(app.get(Dispatcher, { strict: false }), reached);
  wrapPolls(app.get(TriggerRegistry, { strict: false }), reached);
  wrapWorkflows(app.get(WorkflowRegistry, { strict: false }), reached);
}

function wrapTransactions({ dialect }: Store, reached: Reached): void {
  const transaction = dialect.transaction.bind(dialect);
  dialect.transaction = async (work) => {
    const outcome = await transaction(() => watched(work(), reached));
    reached('commit:committed');
    // Outcomes are told, and tasks handed out, in the microtasks of this turn.
    setImmediate(() => reached('commit:told'));
    return outcome;
  };
}

function* watched<R>(unit: Work<R>, reached: Reached): Work<R> {
  reached('commit:begin');
  let next = unit.next();
  while (next.done !== true) {
    const { name } = next.value.batch;
    reached(`commit:${name}:before`);
    const rows = yield next.value;
    reached(`commit:${name}:after`);
    next = unit.next(rows);
  }
  reached('commit:end');
  return next.value;
}

function wrapSubmits({ commits }: Store, reached: Reached): void {
  const submit = commits.submit.bind(commits);
  commits.submit = async <Item, Outcome>(
    kind: CommitKind<Item, Outcome>,
    ...rest: [item: Item, options?: SubmitOptions<Outcome>]
  ): Promise<Outcome> => {
    const name = isCommitted(kind.name) ? COMMITTED[kind.name] : undefined;
    if (name !== undefined) reached(`${name}:commit`);
    const outcome = await submit(kind, ...rest);
    if (name !== undefined) reached(`${name}:committed`);
    return outcome;
  };
}

function isCommitted(name: string): name is keyof typeof COMMITTED {
  return Object.hasOwn(COMMITTED, name);
}

function wrapHandingOut(dispatcher: Dispatcher, reached: Reached): void {
  const start = dispatcher.start.bind(dispatcher);
  dispatcher.start = (tasks) => {
    reached('claim:start');
    start(tasks);
    reached('claim:started');
  };
}

/** Kinds of triggers whose definition has the invoker of a poll. */
const POLLED: ReadonlySet<string> = new Set(['poll', 'schedule']);

/** Definitions are found at boot: those there are now, and those that will be added. */
function wrapPolls(registry: TriggerRegistry, reached: Reached): void {
  const wrap = (definition: { readonly kind: string }): void => {
    if (!POLLED.has(definition.kind)) return;
    wrapCall((definition as PollDefinition).invoker, 'invoke', [reached, 'poll:call', 'poll:returned']);
  };
  registry.all().forEach(wrap);
  const add = registry.add.bind(registry);
  registry.add = (definition) => {
    wrap(definition);
    add(definition);
  };
}

function wrapWorkflows(registry: WorkflowRegistry, reached: Reached): void {
  const wrap = ({ tasks, callbacks }: WorkflowDefinition): void => {
    for (const { method } of tasks) wrapCall(method, 'invoke', [reached, 'task:call', 'task:returned']);
    const targets = [callbacks, ...tasks.map((task) => task.callbacks)].flatMap(
      Object.values<CallbackTarget | undefined>,
    );
    for (const target of targets)
      if (target !== undefined) wrapCall(target, 'call', [reached, 'callback:call', 'callback:returned']);
  };
  registry.all().forEach(wrap);
  const add = registry.add.bind(registry);
  registry.add = (definition) => {
    add(definition);
    wrap(definition);
  };
}

type Callable<Name extends string> = Record<Name, (args: readonly unknown[]) => Promise<unknown>>;

function wrapCall<Name extends string>(
  target: Callable<Name>,
  name: Name,
  [reached, before, after]: readonly [Reached, CrashPoint, CrashPoint],
): void {
  const call = target[name].bind(target);
  (target as Callable<string>)[name] = async (args) => {
    reached(before);
    const result = await call(args);
    reached(after);
    return result;
  };
}
