import type { AnyClass } from '../discovery/metadata.js';

/** What the class of a trigger's method must fit; `unknown` if it does. */
export type CheckHost<T> = T extends AnyClass ? 'A trigger cannot be a static method.' : unknown;
