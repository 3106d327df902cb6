import { NestFactory } from '@nestjs/core';
import type { ModuleMetadata } from '@nestjs/common';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';

/** Something that takes deliveries at `/webhooks/orders`. */
export interface Server {
  readonly port: number;
  /** Settles when what so many new deliveries have left to be done is done; called before they are sent. */
  done(count: number): Promise<void>;
  close(): Promise<void>;
}

/** Starts an application on Fastify, on a free port. `rawBody`: what signatures are made over is kept for handlers. */
export async function listen(metadata: ModuleMetadata): Promise<{ app: NestFastifyApplication; port: number }> {
  class BenchModule {}
  const module = { module: BenchModule, ...metadata };
  const app = await NestFactory.create<NestFastifyApplication>(module, new FastifyAdapter(), {
    rawBody: true,
    logger: ['error'],
    abortOnError: false,
  });
  await app.listen(0, '127.0.0.1');
  return { app, port: Number(new URL(await app.getUrl()).port) };
}
