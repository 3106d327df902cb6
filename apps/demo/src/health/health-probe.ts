import type { AddressInfo, Server } from 'node:net';
import { Injectable } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';

const ANSWER_WITHIN_MS = 1_000;

/** Asks the service over HTTP, as it would ask somebody else's. */
@Injectable()
export class HealthProbe {
  constructor(private readonly http: HttpAdapterHost) {}

  /** Whether it answers well, and in time. @throws when `signal` is aborted: then nothing is known */
  async isHealthy(signal: AbortSignal): Promise<boolean> {
    try {
      const response = await fetch(this.#url(), {
        signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_WITHIN_MS)]),
      });
      await response.body?.cancel();
      return response.ok;
    } catch {
      signal.throwIfAborted();
      return false;
    }
  }

  #url(): string {
    const { address, family, port } = (this.http.httpAdapter.getHttpServer() as Server).address() as AddressInfo;
    return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}/service/health`;
  }
}
