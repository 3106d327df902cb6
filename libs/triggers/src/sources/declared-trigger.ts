import type { DiscoveredClass } from '../discovery/discovered-class.js';
import type { MetadataKey } from '../discovery/metadata.js';
import type { MethodInvoker } from '../discovery/method-invoker.js';
import { checkName } from '../discovery/definition-name.js';
import type { DefinitionProblems } from '../discovery/definition-problems.js';
import type { TriggerBaseOptions } from '../intake/trigger-options.js';

/** A trigger as it stands on a method: what its decorator says, and how the method is called. */
export interface DeclaredTrigger<O> {
  readonly options: O;
  readonly defaultName: string;
  /** Class and method, for messages. */
  readonly label: string;
  readonly owner: DiscoveredClass;
  readonly method: string;
  readonly invoker: MethodInvoker;
}

/** Every trigger of one decorator, in the order of the classes, their methods and the decorators on them. */
export function declaredTriggers<O>(
  owners: readonly DiscoveredClass[],
  decorator: MetadataKey<O>,
): readonly DeclaredTrigger<O>[] {
  return owners.flatMap((owner) =>
    owner
      .methods(decorator)
      .flatMap(({ name, values }) => values.map((options) => declaredTrigger(owner, name, options))),
  );
}

/** One decorator on one method. */
export function declaredTrigger<O>(owner: DiscoveredClass, method: string, options: O): DeclaredTrigger<O> {
  return { options, defaultName: method, label: owner.labelOf(method), owner, method, invoker: owner.invoker(method) };
}

/** What a trigger is called. */
export interface TriggerName {
  readonly name: string;
  /** For messages: `Trigger "inbox" (InboxTriggers.fileWatcher)`. */
  readonly where: string;
}

/** Checks the name of a trigger and its former ones; `undefined` when it has no usable name. Problems go to `problems`. */
export function nameTrigger(
  { options, defaultName, label }: Pick<DeclaredTrigger<TriggerBaseOptions>, 'options' | 'defaultName' | 'label'>,
  problems: DefinitionProblems,
): TriggerName | undefined {
  const name = problems.attempt(() => checkName(options.name ?? defaultName, `Trigger of ${label}, option "name"`));
  if (name === undefined) return undefined;
  const where = `Trigger "${name}" (${label})`;
  for (const alias of options.aliases ?? []) problems.attempt(() => checkName(alias, `${where}, option "aliases"`));
  return { name, where };
}
