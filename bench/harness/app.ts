import type { INestApplicationContext, Provider } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { TriggersModule } from 'nestjs-triggers';
import type { DatabaseOptions, TriggersOptions } from 'nestjs-triggers';

/** Tasks that run at once in the applications that are measured. */
const CONCURRENCY = 200;

/** Starts an application that has nothing but these providers and our module, at its default durability. */
export function startApp(
  database: DatabaseOptions,
  providers: Provider[],
  options: TriggersOptions = {},
): Promise<INestApplicationContext> {
  const ours = { worker: { concurrency: CONCURRENCY }, ...options, database, admin: false } as const;
  class BenchModule {}
  return NestFactory.createApplicationContext(
    { module: BenchModule, imports: [TriggersModule.forRoot(ours)], providers },
    // No warnings: the one about shutdown hooks would come at every start.
    { logger: ['error'], abortOnError: false },
  );
}
