import { ApplicationConfig, ExternalContextCreator } from '@nestjs/core';
import type { ContextId, DiscoveryService, NestContainer } from '@nestjs/core';

type HostModule = NonNullable<ReturnType<DiscoveryService['getProviders']>[number]['host']>;

/** Calls a method of an instance; `contextId` where the instance was made for this one call. */
export type MethodCall = (instance: object, args: readonly unknown[], contextId?: ContextId) => unknown;

/** Where the metadata of the parameters stands that pipes are applied to. */
const PARAMS = 'nestjs-triggers:params';

type Handler = (...args: readonly unknown[]) => Promise<unknown>;

/**
 * A method that is called as Nest calls its handlers: with the guards, interceptors, pipes and filters that stand on it and
 * on its class, and with none of the application's, which are meant for requests. Pipes get the first argument.
 *
 * @param method its name
 * @param host the module that has the class; enhancers are its injectables
 * @param contextType what `ExecutionContext.getType()` says
 */
export function handlerCall(method: string, host: HostModule, contextType: string): MethodCall {
  const creator = creatorFor(host);
  const make = (instance: object, contextId?: ContextId): Handler => {
    markParameter(instance, method);
    const callback = (instance as Readonly<Record<string, Handler>>)[method] as Handler;
    const options = { guards: true, interceptors: true, filters: true };
    return creator.create(
      instance,
      callback,
      method,
      PARAMS,
      { exchangeKeyForValue: (_type: number, _data: unknown, args: unknown) => (args as readonly unknown[])[0] },
      contextId,
      undefined,
      options,
      contextType,
    ) as Handler;
  };
  const ofStatic = new WeakMap<object, Handler>();
  return (instance, args, contextId) => {
    if (contextId !== undefined) return make(instance, contextId)(...args);
    const known = ofStatic.get(instance) ?? make(instance);
    ofStatic.set(instance, known);
    return known(...args);
  };
}

/** One that knows neither enhancers of the application nor other modules; it looks for hosts among providers only. */
function creatorFor(host: HostModule): ExternalContextCreator {
  const facade = Object.create(host, { hasProvider: { value: () => true } }) as HostModule;
  const container: Partial<NestContainer> & { readonly applicationConfig: ApplicationConfig } = {
    getModules: (() => new Map([[host.token, facade]])) as unknown as NestContainer['getModules'],
    applicationConfig: new ApplicationConfig(),
  };
  return ExternalContextCreator.fromContainer(container as NestContainer);
}

function markParameter(instance: object, method: string): void {
  const { constructor } = instance;
  if (Reflect.hasMetadata(PARAMS, constructor, method)) return;
  Reflect.defineMetadata(PARAMS, { '0:0': { index: 0, data: undefined, pipes: [] } }, constructor, method);
}
