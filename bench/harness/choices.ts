/** Where our ledger lives. */
export const STORES = ['sqlite', 'postgres'] as const;
export type StoreName = (typeof STORES)[number];

/** How nodes hear of ready tasks. */
export const TRANSPORTS = ['store', 'bullmq'] as const;
export type TransportName = (typeof TRANSPORTS)[number];

/** Whether a word of the command line is one of those that it may be. */
export function isOneOf<Name extends string>(names: readonly Name[], name: string): name is Name {
  return (names as readonly string[]).includes(name);
}
