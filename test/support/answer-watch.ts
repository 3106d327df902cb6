import type { Server } from 'node:http';
import { monitorEventLoopDelay } from 'node:perf_hooks';

/** How often the watch looks how late the process is. */
const RESOLUTION_MS = 10;
const NS_A_MS = 1e6;

/**
 * Measures how long a server of this process takes to answer, and how late the process is meanwhile: what a busy machine holds up, it
 * holds up for every timer, and no promise of the server is about that.
 */
export class AnswerWatch {
  readonly #lateness = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  /** How long the slowest answer took, by its status. */
  readonly #tookMs = new Map<number, number>();

  constructor(server: Server) {
    this.#lateness.enable();
    server.on('request', (_request, response) => {
      const from = performance.now();
      response.once('finish', () => {
        const longest = this.#tookMs.get(response.statusCode) ?? 0;
        this.#tookMs.set(response.statusCode, Math.max(longest, performance.now() - from));
      });
    });
  }

  /** How long the slowest answer with this status took, but for what may have held the process up: when it arrived, and when it was due. */
  longestMs(status: number): number {
    return (this.#tookMs.get(status) ?? 0) - 2 * (this.#lateness.max / NS_A_MS);
  }

  end(): void {
    this.#lateness.disable();
  }
}
