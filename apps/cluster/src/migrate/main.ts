import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { AppModule } from '../app.module.js';
import { readSettings } from '../node/settings.js';

// Brings the database up to date and ends: for a deploy that migrates before its processes start.
try {
  const app = AppModule.with({ ...readSettings(process.env), roles: ['scheduler'] }, { autostart: false });
  const migration = await NestFactory.createApplicationContext(app, { logger: ['warn', 'error'], abortOnError: false });
  await migration.close();
} catch (error) {
  process.stderr.write(`migrate: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}
