import type { ContextId, ModuleRef } from '@nestjs/core';
import { ContextIdFactory } from '@nestjs/core';
import type { MethodCall } from './handler-call.js';
import type { MethodInvoker } from './method-invoker.js';
import { promised } from './promised.js';

/**
 * What `@Inject(REQUEST)` gives in a request-scoped provider that is called by a trigger, a task or a callback.
 *
 * @example constructor(@Inject(REQUEST) private readonly call: TriggersRequest) {}
 */
export interface TriggersRequest {
  /** The class and the method that are called: `InboxTriggers.fileWatcher`. */
  readonly label: string;
  /** What the method is called with: the `Poll`, the `TaskContext`, the event. */
  readonly args: readonly unknown[];
}

type Methods = Readonly<Record<string, (...args: readonly unknown[]) => unknown>>;

/** Where a method stands: everything that a call needs but the instance. */
interface Place {
  readonly label: string;
  readonly method: string;
  /** How it is called. @default as a plain method */
  readonly call?: MethodCall | undefined;
}

/** Calls a method of the one instance of a static provider, which is looked up at the call. */
export class StaticInvoker implements MethodInvoker {
  readonly label: string;
  readonly #call: MethodCall;

  constructor(
    place: Place,
    private readonly instance: () => unknown,
  ) {
    this.label = place.label;
    this.#call = place.call ?? plainCall(place.method);
  }

  invoke(args: readonly unknown[]): Promise<unknown> {
    return promised(() => this.#call(this.instance() as object, args));
  }
}

/** Calls a method of a request-scoped or transient provider: every call has its own instance and its own `contextId`. */
export class PerCallInvoker implements MethodInvoker {
  readonly label: string;
  readonly #call: MethodCall;

  constructor(
    place: Place,
    private readonly moduleRef: ModuleRef,
    private readonly resolve: (contextId: ContextId) => Promise<unknown>,
  ) {
    this.label = place.label;
    this.#call = place.call ?? plainCall(place.method);
  }

  async invoke(args: readonly unknown[]): Promise<unknown> {
    const contextId = ContextIdFactory.create();
    const request: TriggersRequest = { label: this.label, args };
    this.moduleRef.registerRequestByContextId(request, contextId);
    return this.#call((await this.resolve(contextId)) as object, args, contextId);
  }
}

function plainCall(method: string): MethodCall {
  return (instance, args) => (instance as Methods)[method]!(...args);
}
