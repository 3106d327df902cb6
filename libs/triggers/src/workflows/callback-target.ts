import type { DiscoveredClass } from '../discovery/discovered-class.js';
import type { AnyClass } from '../discovery/metadata.js';
import type { ProviderExplorer } from '../discovery/provider.explorer.js';
import { TriggersError } from '../model/errors.js';
import type { CallbackName, CallbackOption } from './callback.types.js';
import type { CallbackTarget } from './workflow.definition.js';

/** A callback option and where it stands. */
export interface DeclaredCallback {
  readonly option: CallbackOption;
  readonly name: CallbackName;
  /** For messages: `Workflow "files", task "read"`. */
  readonly where: string;
  /** The class with the decorator, whose methods may be named. */
  readonly owner: DiscoveredClass;
}

/**
 * Who is told, ready to be called: a method of the owner, a provider with a method of the callback's name, or a
 * function.
 *
 * @throws TRG_DEF_UNKNOWN_CALLBACK for a name that is no method, and for a class that no module provides or that lacks
 *   the method
 */
export function resolveCallback(callback: DeclaredCallback, providers: ProviderExplorer): CallbackTarget {
  const { option, name, owner } = callback;
  if (typeof option === 'string') {
    if (!owner.hasMethod(option)) throw unknown(callback, `the class ${owner.name} has no method "${option}"`);
    return methodTarget(owner, option);
  }
  if (typeof option !== 'function')
    throw unknown(callback, `it is ${typeof option}; a circular import leaves undefined`);
  const provider = providers.find(option as AnyClass);
  if (provider === undefined && !isClass(option, name)) return functionTarget(option as (...args: never[]) => unknown);
  if (provider === undefined) throw unknown(callback, `no module provides the class ${option.name}`);
  if (!provider.hasMethod(name)) throw unknown(callback, `the class ${provider.name} has no method "${name}"`);
  return methodTarget(provider, name);
}

function methodTarget(provider: DiscoveredClass, method: string): CallbackTarget {
  const invoker = provider.invoker(method);
  return { label: invoker.label, call: (args) => invoker.invoke(args) };
}

function functionTarget(callback: (...args: never[]) => unknown): CallbackTarget {
  const label = callback.name === '' ? '(anonymous function)' : callback.name;
  // `async` turns what the function throws at once into a rejection.
  return { label, call: async (args) => (callback as (...args: readonly unknown[]) => unknown)(...args) };
}

function isClass(option: object, method: CallbackName): boolean {
  const prototype = (option as { readonly prototype?: Partial<Record<CallbackName, unknown>> }).prototype;
  return typeof prototype?.[method] === 'function' || /^class\b/.test(Function.prototype.toString.call(option));
}

function unknown({ where, name }: DeclaredCallback, problem: string): TriggersError {
  return new TriggersError(
    'TRG_DEF_UNKNOWN_CALLBACK',
    `${where}, option "${name}": ${problem}. ` +
      `Give a function, the name of a method of the class, or a provided class with a method "${name}".`,
  );
}
