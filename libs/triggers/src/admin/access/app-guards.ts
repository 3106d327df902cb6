import { Injectable } from '@nestjs/common';
import type { CanActivate, ExecutionContext, Type } from '@nestjs/common';
import { ContextIdFactory, ModuleRef } from '@nestjs/core';
import { isObservable, lastValueFrom } from 'rxjs';

/**
 * Runs the application's own guards. A class is taken from the application's providers, wherever they stand; one that
 * nobody provides is made with what this module can inject.
 */
@Injectable()
export class AppGuards {
  readonly #made = new Map<Type<CanActivate>, Promise<CanActivate>>();

  constructor(private readonly moduleRef: ModuleRef) {}

  /** Whether every guard lets the request pass. A guard that throws decides the answer. */
  async pass(guards: readonly (Type<CanActivate> | CanActivate)[], context: ExecutionContext): Promise<boolean> {
    for (const guard of guards) {
      const instance = typeof guard === 'function' ? await this.#instanceOf(guard, context) : guard;
      const verdict = instance.canActivate(context);
      if (!(await (isObservable(verdict) ? lastValueFrom(verdict, { defaultValue: false }) : verdict))) return false;
    }
    return true;
  }

  async #instanceOf(guard: Type<CanActivate>, context: ExecutionContext): Promise<CanActivate> {
    if (!this.#isProvided(guard)) return this.#make(guard);
    const request = context.switchToHttp().getRequest<object>();
    const contextId = ContextIdFactory.getByRequest(request);
    this.moduleRef.registerRequestByContextId(request, contextId);
    return this.moduleRef.resolve(guard, contextId, { strict: false });
  }

  #isProvided(guard: Type<CanActivate>): boolean {
    try {
      this.moduleRef.introspect(guard);
      return true;
    } catch {
      return false;
    }
  }

  #make(guard: Type<CanActivate>): Promise<CanActivate> {
    const made = this.#made.get(guard) ?? this.moduleRef.create(guard);
    this.#made.set(guard, made);
    return made;
  }
}
