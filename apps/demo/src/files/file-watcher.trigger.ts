import type { FactoryProvider } from '@nestjs/common';
import { directoryTrigger } from 'nestjs-triggers';
import { FileProcessor } from './file-processor.workflow.js';
import { InboxService } from './inbox.service.js';

/** Fires once for every version of every file in the inbox. Summaries live in a sub-folder, where it does not look. */
export const fileWatcher: FactoryProvider = {
  provide: 'file_watcher',
  inject: [InboxService],
  useFactory: ({ folder }: InboxService) =>
    directoryTrigger({
      name: 'file_watcher',
      workflow: FileProcessor,
      path: folder,
      pollInterval: '2s',
      settle: '1s',
      context: ({ name }) => ({ filename: name }),
    }),
};
