import type { DatabaseOptions, RetentionOptions } from 'nestjs-triggers';

/** What the process of the application is given to start with, as JSON in its one argument. */
export interface AppSettings {
  readonly database: DatabaseOptions;
  readonly retention: RetentionOptions;
  readonly inboxDir: string;
  readonly token: string;
}

/** What the process of the application saw of itself since it was asked last. Memory in MB, times in ms. */
export interface InsideSample {
  readonly rss: number;
  readonly heapUsed: number;
  /** After the last collection of the old generation. */
  readonly heapLive: number;
  readonly external: number;
  /** What keeps the process alive, without timers and without what is over in a moment. */
  readonly handles: number;
  readonly timers: number;
  /** Open file descriptors; NaN where the system does not tell. */
  readonly files: number;
  readonly loopDelayP99: number;
  /** Of polls every second, that find nothing. */
  readonly lateP99: number;
  /** User and system time, in ms a second. */
  readonly cpu: number;
}

/** What may be asked of the process of the application, and what it answers. */
export interface AppQuestions {
  readonly sample: { readonly asks: null; readonly answers: InsideSample };
  /** `WorkflowRunner.start` */
  readonly start: { readonly asks: { workflow: string; context: object }; readonly answers: string };
  /** What cannot be in the ledger, and is. */
  readonly check: { readonly asks: null; readonly answers: readonly string[] };
}

/** The name of a question. */
export type AppQuestion = keyof AppQuestions;

/** One question on its way to the process. */
export interface AskMessage {
  readonly id: number;
  readonly question: AppQuestion;
  readonly given: unknown;
}

/** What comes back: the address once it listens, then one answer a question. */
export type AppMessage =
  | { readonly url: string }
  | { readonly id: number; readonly answer: unknown }
  | { readonly id: number; readonly error: string };
