import 'reflect-metadata';
import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ValidationPipe } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AppModule } from '../app.module.js';
import { readSettings } from '../settings.js';

try {
  const home = fileURLToPath(new URL('../..', import.meta.url)); // the folder of this app
  const settings = readSettings(process.env, home);
  mkdirSync(settings.dataDir, { recursive: true });
  const app = await NestFactory.create(AppModule.with(settings), { logger: ['warn', 'error'], abortOnError: false });
  app.useGlobalPipes(new ValidationPipe({ whitelist: true, transform: true }));
  app.enableShutdownHooks([], { useProcessExit: true });
  await app.listen(settings.port, settings.host);
  const url = await app.getUrl();
  process.stdout.write(`shop   ${url}\nadmin  ${url}/admin/triggers\n`);
  process.send?.({ url });
} catch (error) {
  process.stderr.write(`orders: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}

// Started by the day script: whatever ends that ends this, too.
process.on('disconnect', () => process.exit(1));
