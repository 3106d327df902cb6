import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Something that is open. */
export interface Closable {
  close(): Promise<unknown>;
}

/**
 * Where something is played: a temporary folder, and everything that was opened for the play. However the play ends, closing the
 * stage takes all of it away, the last first, and what cannot be taken away keeps nothing else there.
 */
export class Stage {
  readonly folder: string;
  readonly #open: (() => Promise<unknown>)[] = [];
  #closing: Promise<boolean> | undefined;

  /** @param complain is told of everything that could not be closed */
  constructor(
    name: string,
    private readonly complain: (problem: unknown) => void,
  ) {
    this.folder = mkdtempSync(join(tmpdir(), `nestjs-triggers-${name}-`));
    process.on('exit', () => this.#removeFolder());
    this.#open.push(async () => this.#removeFolder());
  }

  /** Whether it was told to close. */
  get isClosing(): boolean {
    return this.#closing !== undefined;
  }

  /**
   * Opens something that is closed with the stage, also when that happens while it is being opened. What could not be opened is not
   * closed.
   *
   * @throws Error when the stage is closed already: nobody would close it
   */
  async open<T extends Closable>(make: () => T | Promise<T>): Promise<T> {
    if (this.isClosing) throw new Error('interrupted');
    const making = (async () => make())();
    this.#open.push(() =>
      making.then(
        (made) => made.close(),
        () => undefined,
      ),
    );
    return making;
  }

  /** Closes everything, once, however often it is called. @returns whether nothing stays */
  close(): Promise<boolean> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<boolean> {
    let isTidy = true;
    for (const close of this.#open.reverse()) {
      await close().catch((problem: unknown) => {
        this.complain(problem); // and go on, or what is open would keep the process
        isTidy = false;
      });
    }
    return isTidy;
  }

  #removeFolder(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
