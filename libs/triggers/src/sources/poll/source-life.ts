import type { PollDefinition } from './poll-trigger.definition.js';

/** `onTriggerInit` and `onTriggerDestroy` of a trigger that is a class. */
export class SourceLife {
  #began: Promise<unknown> | null = null;
  #ready = false;

  constructor(private readonly definition: Pick<PollDefinition, 'onInit' | 'onDestroy'>) {}

  get isReady(): boolean {
    return this.#ready;
  }

  /** `onTriggerInit`, once before the first poll; when it fails, the poll fails and the next one tries again. */
  async begin(): Promise<void> {
    this.#began ??= this.definition.onInit?.invoke([]) ?? Promise.resolve();
    try {
      await this.#began;
      this.#ready = true;
    } catch (error) {
      this.#began = null;
      throw error;
    }
  }

  /** `onTriggerDestroy`, once after the last poll, if there was one. */
  async end(): Promise<void> {
    const wasReady = this.#ready;
    this.#began = null;
    this.#ready = false;
    if (wasReady) await this.definition.onDestroy?.invoke([]);
  }
}
