import type { AnyClass, MetadataKey } from './metadata.js';
import { classMetadata, methodMetadata } from './metadata.js';
import type { MethodInvoker } from './method-invoker.js';

/** A method that carries at least one decorator of the kind that was asked for. */
export interface DecoratedMethod<T> {
  readonly name: string;
  /** One value per decorator, in the order in which they are read. */
  readonly values: readonly T[];
}

/** A class of the application that Nest has an instance of (or makes one per call), and what its decorators say. */
export class DiscoveredClass {
  /** The name of the class, for messages. */
  readonly name: string;
  #methodNames: readonly string[] | undefined;

  constructor(
    readonly target: AnyClass,
    private readonly findMethodNames: () => readonly string[],
    private readonly makeInvoker: (label: string, method: string, contextType?: string) => MethodInvoker,
  ) {
    this.name = target.name === '' ? '(anonymous class)' : target.name;
  }

  /** What the decorators of the class itself say. */
  classValues<T>(key: MetadataKey<T>): readonly T[] {
    return classMetadata(key, this.target);
  }

  /** The decorated methods: own ones in the order of the class body, then inherited ones. Getters are never touched. */
  methods<T>(key: MetadataKey<T>): readonly DecoratedMethod<T>[] {
    return this.methodNames
      .map((name) => ({ name, values: methodMetadata<T>(key, this.prototype, name) }))
      .filter((method) => method.values.length > 0);
  }

  /** Whether the class has a method of that name, decorated or not, own or inherited. */
  hasMethod(name: string): boolean {
    return this.methodNames.includes(name);
  }

  /** The class and a method, for messages: `InboxTriggers.fileWatcher`. */
  labelOf(method: string): string {
    return `${this.name}.${method}`;
  }

  /** Calls one of its methods, whatever the scope of the provider. */
  invoker(method: string): MethodInvoker {
    return this.makeInvoker(this.labelOf(method), method);
  }

  /**
   * As {@link invoker}, with the guards, interceptors, pipes and filters of the method and of its class.
   *
   * @param contextType what `ExecutionContext.getType()` tells them
   */
  handler(method: string, contextType: string): MethodInvoker {
    return this.makeInvoker(this.labelOf(method), method, contextType);
  }

  /** Looked for once: every kind of decorator asks. */
  private get methodNames(): readonly string[] {
    return (this.#methodNames ??= this.findMethodNames());
  }

  private get prototype(): object {
    return this.target.prototype as object;
  }
}
