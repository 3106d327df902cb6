import type { InjectionToken } from '@nestjs/common';
import { Injectable } from '@nestjs/common';
import type { ContextId } from '@nestjs/core';
import { DiscoveryService, MetadataScanner, ModuleRef } from '@nestjs/core';
import { DiscoveredClass } from './discovered-class.js';
import { handlerCall } from './handler-call.js';
import type { AnyClass } from './metadata.js';
import type { MethodInvoker } from './method-invoker.js';
import { PerCallInvoker, StaticInvoker } from './provider-invokers.js';

type Wrapper = ReturnType<DiscoveryService['getProviders']>[number];

/**
 * Finds the classes behind all providers and controllers, once, when first asked: after Nest made the instances, so
 * from `onModuleInit` on.
 *
 * A class is found once, however many modules or tokens provide it; the first provider found is the one that is called.
 * Classes behind `useClass`, `useFactory` and `useValue` are found by their instance; a plain object in place of a class
 * (a test's double) stands for the class that is its token. Request-scoped and transient providers are found too and get
 * an instance per call. No getter is ever run.
 */
@Injectable()
export class ProviderExplorer {
  #byToken: Map<InjectionToken, DiscoveredClass> | undefined;
  readonly #byClass = new Map<AnyClass, DiscoveredClass>();

  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
    private readonly moduleRef: ModuleRef,
  ) {}

  /** Every class, providers first, then controllers, in the order of the modules. */
  all(): readonly DiscoveredClass[] {
    this.#scan();
    return [...this.#byClass.values()];
  }

  /** The class of a provider, by the class itself or by its token (also of `useExisting`). */
  find(token: InjectionToken): DiscoveredClass | undefined {
    const byToken = this.#scan();
    return this.#byClass.get(token as AnyClass) ?? byToken.get(token);
  }

  /** The provided values that pass the check, alone or in an array, each once, in the order of the modules. */
  values<T extends object>(passes: (value: unknown) => value is T): readonly T[] {
    const provided = this.discovery
      .getProviders()
      .filter((wrapper) => !wrapper.isAlias && !isPerCall(wrapper))
      .flatMap(({ instance }: { instance: unknown }) =>
        Array.isArray(instance) ? (instance as unknown[]) : [instance],
      );
    return [...new Set(provided.filter(passes))];
  }

  #scan(): Map<InjectionToken, DiscoveredClass> {
    if (this.#byToken !== undefined) return this.#byToken;
    this.#byToken = new Map();
    const wrappers = [...this.discovery.getProviders(), ...this.discovery.getControllers()];
    for (const wrapper of wrappers.filter(({ isAlias }) => !isAlias)) this.#add(wrapper, this.#byToken);
    for (const wrapper of wrappers.filter(({ isAlias }) => isAlias)) this.#addAlias(wrapper, this.#byToken);
    return this.#byToken;
  }

  #add(wrapper: Wrapper, byToken: Map<InjectionToken, DiscoveredClass>): void {
    const target = classOf(wrapper);
    if (target === undefined) return;
    const known = this.#byClass.get(target) ?? this.#discover(target, wrapper);
    this.#byClass.set(target, known);
    if (!byToken.has(wrapper.token)) byToken.set(wrapper.token, known);
  }

  #addAlias(wrapper: Wrapper, byToken: Map<InjectionToken, DiscoveredClass>): void {
    const target = classOfInstance(wrapper.instance);
    const known = target && this.#byClass.get(target);
    if (known !== undefined && !byToken.has(wrapper.token)) byToken.set(wrapper.token, known);
  }

  #discover(target: AnyClass, wrapper: Wrapper): DiscoveredClass {
    return new DiscoveredClass(
      target,
      () => this.scanner.getAllMethodNames(target.prototype as object),
      (label, method, contextType) => this.#invoker(wrapper, label, method, contextType),
    );
  }

  #invoker(wrapper: Wrapper, label: string, method: string, contextType?: string): MethodInvoker {
    const { host } = wrapper;
    const asHandler = contextType !== undefined && host != null;
    const place = { label, method, call: asHandler ? handlerCall(method, host, contextType) : undefined };
    if (!isPerCall(wrapper)) return new StaticInvoker(place, () => wrapper.instance as unknown);
    // The host's own ModuleRef, because two modules may use one token for two classes.
    const token = wrapper.token as string;
    const ofHost = host?.getProviderByKey<ModuleRef>(ModuleRef)?.instance;
    const resolve = (contextId: ContextId): Promise<unknown> =>
      ofHost === undefined
        ? this.moduleRef.resolve(token, contextId, { strict: false })
        : ofHost.resolve(token, contextId, { strict: true });
    return new PerCallInvoker(place, this.moduleRef, resolve);
  }
}

function isPerCall(wrapper: Wrapper): boolean {
  return wrapper.isTransient || !wrapper.isDependencyTreeStatic();
}

function classOf(wrapper: Wrapper): AnyClass | undefined {
  if (!isPerCall(wrapper) && !isObject(wrapper.instance)) return undefined;
  const byInstance = classOfInstance(wrapper.instance);
  if (byInstance !== undefined && byInstance !== Object) return byInstance;
  const declared: unknown = wrapper.isNotMetatype ? wrapper.token : wrapper.metatype;
  return isClass(declared) ? declared : undefined;
}

function classOfInstance(instance: unknown): AnyClass | undefined {
  if (!isObject(instance)) return undefined;
  const prototype = Object.getPrototypeOf(instance) as object | null;
  const constructor: unknown = prototype && Object.getOwnPropertyDescriptor(prototype, 'constructor')?.value;
  return isClass(constructor) ? constructor : undefined;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function isClass(value: unknown): value is AnyClass {
  return typeof value === 'function' && isObject(value.prototype);
}
