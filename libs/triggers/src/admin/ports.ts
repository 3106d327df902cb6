/** The engine and the sources of this process: what `TriggersService.start()` and `.stop()` mean. Given by the module. */
export abstract class EnginePort {
  abstract start(): Promise<void>;
  abstract stop(): Promise<void>;
}
