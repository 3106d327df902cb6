import 'reflect-metadata';

declare const VALUE: unique symbol;

/** Any class, abstract or not, whatever its constructor takes. */
export type AnyClass = abstract new (...args: never[]) => object;

/** Names one kind of metadata, and the type of its values. */
export interface MetadataKey<T> {
  readonly [VALUE]?: T;
  readonly symbol: symbol;
}

/**
 * The key of one kind of metadata. The same name gives the same key in every copy of this package, so an application
 * that loads two copies (ESM and CommonJS, two versions) is still found whole.
 *
 * @example const TASK = metadataKey<TaskMetadata>('task');
 */
export function metadataKey<T>(name: string): MetadataKey<T> {
  return { symbol: Symbol.for(`nestjs-triggers:${name}`) };
}

/**
 * Adds a value to a method. A method may carry several; they are kept in the order in which the decorators are read.
 *
 * It is kept beside the method, not on the function, so decorators that replace the function do not lose it.
 */
export function addMethodMetadata<T>(key: MetadataKey<T>, prototype: object, method: string, value: T): void {
  // Decorators are applied from the bottom up: what comes later stands above.
  const values = [value, ...ownMethodMetadata(key, prototype, method)];
  Reflect.defineMetadata(key.symbol, values, prototype, method);
}

/**
 * The values of a method, from the class that declares it: an inherited method keeps its decorators, one that is
 * overridden has those of the override only, as with every Nest decorator.
 */
export function methodMetadata<T>(key: MetadataKey<T>, prototype: object, method: string): readonly T[] {
  for (let owner: object | null = prototype; owner !== null; owner = Object.getPrototypeOf(owner) as object | null) {
    if (Object.hasOwn(owner, method)) return ownMethodMetadata(key, owner, method);
  }
  return [];
}

/** Adds a value to a class, in the order in which the decorators are read. */
export function addClassMetadata<T>(key: MetadataKey<T>, target: AnyClass, value: T): void {
  Reflect.defineMetadata(key.symbol, [value, ...classMetadata(key, target)], target);
}

/** The values of a class itself; those of the classes it extends do not count. */
export function classMetadata<T>(key: MetadataKey<T>, target: AnyClass): readonly T[] {
  return (Reflect.getOwnMetadata(key.symbol, target) as readonly T[] | undefined) ?? [];
}

function ownMethodMetadata<T>(key: MetadataKey<T>, prototype: object, method: string): readonly T[] {
  return (Reflect.getOwnMetadata(key.symbol, prototype, method) as readonly T[] | undefined) ?? [];
}
