/** Calls one decorated method of a provider, whatever the provider's scope. */
export interface MethodInvoker {
  /** The class and the method, for messages: `InboxTriggers.fileWatcher`. */
  readonly label: string;
  /**
   * Calls the method. A static provider's instance is used as it is; of a request-scoped or transient provider a new
   * instance is made for this one call, with its own `contextId`.
   */
  invoke(args: readonly unknown[]): Promise<unknown>;
}
