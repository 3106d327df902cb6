/**
 * Where a trigger stands in this process. `unowned`: another node polls it, or nobody yet. `waiting`: for its next poll,
 * which never comes while it is disabled or suspended. `polling`: its method runs. `stalled`: its method outlived its
 * timeout. `committing`: its result, or what it counted, is on its way to the store. `leaving`: it is being handed over.
 */
export type PollPhase = 'unowned' | 'waiting' | 'polling' | 'stalled' | 'committing' | 'leaving';

/** Every edge between them. */
export const POLL_EDGES: Readonly<Record<PollPhase, readonly PollPhase[]>> = {
  unowned: ['waiting'],
  waiting: ['polling', 'committing', 'leaving', 'unowned'],
  polling: ['waiting', 'stalled', 'committing', 'unowned'],
  stalled: ['waiting', 'unowned'],
  committing: ['waiting', 'unowned'],
  leaving: ['waiting', 'unowned'],
};

/** What has to happen with a trigger whose turn came. */
export type Due = 'poll' | 'timeOut' | 'giveUp' | null;
