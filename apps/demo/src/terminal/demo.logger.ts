import type { LoggerService } from '@nestjs/common';
import { printFailed, printNews } from './lines.js';

/**
 * Nest's logger for people: one line each, no stacks. Left out are how Nest starts, errors that end the start (`main.ts`
 * prints them), and what `NewsListener` and the callbacks tell in words of their own.
 */
export class DemoLogger implements LoggerService {
  readonly #leftOut = new Set([
    'NestFactory',
    'InstanceLoader',
    'RoutesResolver',
    'RouterExplorer',
    'NestApplication',
    'ExceptionHandler',
    'triggers',
  ]);

  log(message: unknown, ...rest: unknown[]): void {
    this.#print(printNews, message, rest);
  }

  warn(message: unknown, ...rest: unknown[]): void {
    this.#print(printNews, message, rest);
  }

  error(message: unknown, ...rest: unknown[]): void {
    this.#print(printFailed, message, rest);
  }

  fatal(message: unknown, ...rest: unknown[]): void {
    this.#print(printFailed, message, rest);
  }

  /** Nest hands the name of the logger over as the last argument, behind a stack where there is one. */
  #print(line: (what: string, text: string, detail: string) => void, message: unknown, rest: readonly unknown[]): void {
    const from = rest.at(-1);
    const name = typeof from === 'string' ? from : 'nest';
    if (!this.#leftOut.has(name)) line(name, message instanceof Error ? message.message : String(message), '');
  }
}
