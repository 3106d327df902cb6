import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { WorkflowRunner } from 'nestjs-triggers';
import { AppModule } from './app.module.js';
import { FileProcessor } from './file-processor.workflow.js';
import { FileWatcher } from './file-watcher.trigger.js';

const RULE = '-'.repeat(40);

console.log('Event Triggers and Task Callbacks Demo');
console.log('='.repeat(50));

const app = await NestFactory.createApplicationContext(AppModule, { logger: false });

console.log('\nManual execution with callbacks:');
console.log(RULE);
const { state } = await app.get(WorkflowRunner).execute(FileProcessor, { filename: 'report_2024.csv' });
console.log(RULE);
console.log(`Workflow status: ${capitalised(state)}`);

console.log('\nSimulating trigger polls:');
console.log(RULE);
const watcher = app.get(FileWatcher);
for (let poll = 1; poll <= 7; poll++) {
  const result = watcher.fileWatcher();
  console.log(`  Poll ${poll}: ${result.isFire() ? 'FIRE - workflow will execute' : 'SKIP - waiting...'}`);
}

await app.close();
console.log('\nDemo complete!');

function capitalised(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}
