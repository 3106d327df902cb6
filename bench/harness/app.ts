import type { INestApplicationContext, Provider } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { TriggersModule } from 'nestjs-triggers';
import type { DatabaseOptions, TriggersOptions } from 'nestjs-triggers';
import { bullMq } from 'nestjs-triggers/bullmq';
import type { BullMqOptions } from 'nestjs-triggers/bullmq';

/** Tasks that run at once in the applications that are measured. */
export const CONCURRENCY = 200;

/** What an application stands on. Other processes are told it as JSON. */
export interface Backends {
  readonly database: DatabaseOptions;
  /** With BullMQ as transport. */
  readonly messages?: BullMqOptions & { readonly connection: string };
}

/** Starts an application that has nothing but these providers and our module, at its default durability. */
export function startApp(
  { database, messages }: Backends,
  providers: Provider[],
  options: TriggersOptions = {},
): Promise<INestApplicationContext> {
  const transport = messages && { transport: bullMq(messages) };
  const ours = { worker: { concurrency: CONCURRENCY }, ...options, ...transport, database, admin: false } as const;
  class BenchModule {}
  return NestFactory.createApplicationContext(
    { module: BenchModule, imports: [TriggersModule.forRoot(ours)], providers },
    // No warnings: the one about shutdown hooks would come at every start.
    { logger: ['error'], abortOnError: false },
  );
}
