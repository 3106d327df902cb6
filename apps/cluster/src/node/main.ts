import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { AppModule } from '../app.module.js';
import { readSettings } from './settings.js';

try {
  const settings = readSettings(process.env);
  const app = await NestFactory.create(AppModule.with(settings), { logger: ['warn', 'error'], abortOnError: false });
  app.enableShutdownHooks([], { useProcessExit: true });
  await app.listen(settings.port, settings.host);
  process.send?.({ url: await app.getUrl() });
} catch (error) {
  process.stderr.write(`node: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}

// Started by the show: whatever ends that ends this, too.
process.on('disconnect', () => process.exit(1));
