import { Injectable } from '@nestjs/common';
import type { BeforeApplicationShutdown, OnApplicationShutdown } from '@nestjs/common';

/** Says that a signal stops the demo, and that it has stopped. A start that fails is not stopped by anybody. */
@Injectable()
export class GoodbyeService implements BeforeApplicationShutdown, OnApplicationShutdown {
  beforeApplicationShutdown(signal?: string): void {
    if (signal !== undefined) print(`\nStopping (${signal}): what runs may end, what waits goes on at the next start.`);
  }

  onApplicationShutdown(signal?: string): void {
    if (signal !== undefined) print('Stopped.');
  }
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
