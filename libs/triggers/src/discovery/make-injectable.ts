import type { ScopeOptions } from '@nestjs/common';
import { Injectable } from '@nestjs/common';
import { SCOPE_OPTIONS_METADATA } from '@nestjs/common/constants.js';
import type { AnyClass } from './metadata.js';

/** Makes a class a provider, as `@Injectable()` does. A scope that the class or one of its parents declares is kept. */
export function makeInjectable(target: AnyClass): void {
  const scope = Reflect.getMetadata(SCOPE_OPTIONS_METADATA, target) as ScopeOptions | undefined;
  Injectable(scope)(target);
}
