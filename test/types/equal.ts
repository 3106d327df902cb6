/** `true` when two types are the same type, not merely assignable to each other. */
export type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** Does not compile unless the assertion holds. */
export function assertType<_Holds extends true>(): void {}
