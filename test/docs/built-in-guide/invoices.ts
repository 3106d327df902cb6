// The code of docs/guides/built-in-triggers.md about files; built-in-guide.spec.ts runs it.
import { Injectable, Module } from '@nestjs/common';
import {
  DirectorySource,
  Task,
  Trigger,
  TriggersModule,
  TriggersService,
  Workflow,
  directoryTrigger,
} from 'nestjs-triggers';
import type { Poll, TaskContext } from 'nestjs-triggers';

// #region inbox
@Workflow({ name: 'send_invoice' })
export class SendInvoice {
  @Task()
  send(context: TaskContext<{ path: string; size: number }>) {
    return { sent: context.data.path };
  }
}

@Module({
  imports: [TriggersModule.forRoot({ database: { type: 'sqlite', path: './triggers.db' } })],
  providers: [
    SendInvoice,
    {
      provide: 'invoices',
      useValue: directoryTrigger({ name: 'invoices', workflow: SendInvoice, path: './invoices', pattern: '*.pdf' }),
    },
  ],
})
export class InvoicesModule {}
// #endregion

// #region mapped
@Workflow({ name: 'archive' })
export class Archive {
  @Task()
  store(_context: TaskContext<{ filename: string }>) {}
}

export const archive = directoryTrigger({
  name: 'archive',
  workflow: Archive,
  path: './done',
  context: ({ name }) => ({ filename: name }),
});
// #endregion

// #region injected
@Injectable()
export class Settings {
  readonly folders: Readonly<Record<string, string>> = { north: './north', south: './south' };
}

export const offices = {
  provide: 'offices',
  inject: [Settings],
  useFactory: ({ folders }: Settings) =>
    Object.entries(folders).map(([office, path]) =>
      directoryTrigger({ name: `invoices_${office}`, workflow: 'send_invoice', path, pollInterval: '30s' }),
    ),
};
// #endregion

// #region own
@Injectable()
export class NightInvoices {
  readonly #inbox = new DirectorySource({ path: './invoices' });

  constructor(private readonly triggers: TriggersService) {}

  async addTenant(tenant: string, path: string): Promise<void> {
    await this.triggers.register(directoryTrigger({ name: `tenant_${tenant}`, workflow: 'send_invoice', path }));
  }

  @Trigger({ workflow: 'send_invoice', name: 'night_invoices', pollInterval: '1h', dedup: { for: 'ever' } })
  look(poll: Poll) {
    return this.#inbox.poll(poll);
  }
}
// #endregion
