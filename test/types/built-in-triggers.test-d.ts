import type { DataSource } from 'typeorm';
import { HealthSource } from '../../libs/triggers/src/sources/builtin/health/health.source.js';
import { healthTrigger } from '../../libs/triggers/src/sources/builtin/health/health.trigger.js';
import { DirectorySource } from '../../libs/triggers/src/sources/builtin/directory/directory.source.js';
import { directoryTrigger } from '../../libs/triggers/src/sources/builtin/directory/directory.trigger.js';
import { httpTrigger } from '../../libs/triggers/src/sources/builtin/http/http.trigger.js';
import { queueDepthTrigger } from '../../libs/triggers/src/sources/builtin/queue-depth/queue-depth.trigger.js';
import { tableTrigger } from '../../libs/triggers/src/sources/builtin/table/table.trigger.js';
import type { Poll } from '../../libs/triggers/src/sources/poll/poll.js';
import { Trigger } from '../../libs/triggers/src/sources/poll/trigger.decorator.js';
import type { TaskContext } from '../../libs/triggers/src/workflows/task-context.js';
import type { TriggersService } from '../../libs/triggers/src/admin/triggers.service.js';

class Arrived {
  filename!: string;
}
class Files {
  read(_context: TaskContext<Arrived>): void {}
}
class Sizes {
  add(_context: TaskContext<{ readonly path: string; readonly size: number }>): void {}
}
class Alarm {
  ring(_context: TaskContext<{ readonly failures: number; readonly error: string }>): void {}
}
class Depths {
  drain(_context: TaskContext<{ readonly depth: number; readonly state: 'above' }>): void {}
}
class Order {
  id!: number;
}
declare const triggers: TriggersService;
declare const dataSource: DataSource;

// What is found is what the workflow takes, or is made into it; by its name a workflow takes anything.
void triggers.register(directoryTrigger({ name: 'a', workflow: Sizes, path: '.' }));
directoryTrigger({ name: 'a', workflow: Files, path: '.', context: ({ name }) => ({ filename: name }) });
directoryTrigger({ name: 'a', workflow: 'by_name', path: '.', filter: (context) => context['size'] !== 0 });
directoryTrigger({
  name: 'a',
  workflow: [Files, Sizes],
  path: '.',
  context: ({ path, size }) => ({ filename: path, path, size }),
});
httpTrigger({
  name: 'a',
  workflow: Files,
  url: 'https://example.com',
  context: (item) => ({ filename: `${item['id'] === 7}` }),
});
httpTrigger({
  name: 'a',
  workflow: Files,
  url: 'https://example.com',
  items: () => [{ title: 'x' }],
  key: (item) => item.title,
  context: (item) => ({ filename: item.title }),
});
httpTrigger({ name: 'a', workflow: Files, url: 'https://example.com', items: () => [{ filename: 'x' }] });
tableTrigger({
  name: 'a',
  workflow: Files,
  dataSource,
  table: Order,
  column: 'id',
  dedup: { for: '30d' },
  context: (row) => ({ filename: String(row['id']) }),
});
queueDepthTrigger({ name: 'a', workflow: Depths, depth: () => 1, above: 5 });
healthTrigger({ name: 'a', workflow: Alarm, url: 'https://example.com', on: ['down'] });
healthTrigger({
  name: 'a',
  workflow: Alarm,
  check: async () => true,
  context: (change) =>
    change.state === 'down' ? change : { failures: 0, error: `well again after ${change.downForMs} ms` },
});

export class Own {
  readonly #inbox = new DirectorySource({ path: '.', context: ({ name }) => ({ filename: name }) });
  readonly #health = new HealthSource({ check: () => true, on: ['down'] });

  @Trigger({ workflow: Files })
  files(poll: Poll) {
    return this.#inbox.poll(poll);
  }

  // @ts-expect-error -- a check fires no filename
  @Trigger({ workflow: Files })
  health(poll: Poll) {
    return this.#health.poll(poll);
  }
}

// @ts-expect-error -- a found file has no filename: a mapping is needed
directoryTrigger({ name: 'a', workflow: Files, path: '.' });
// @ts-expect-error -- the mapping makes something else
directoryTrigger({ name: 'a', workflow: Files, path: '.', context: ({ name }) => ({ file: name }) });
// @ts-expect-error -- the second workflow needs a filename
directoryTrigger({ name: 'a', workflow: [Sizes, Files], path: '.' });
// @ts-expect-error -- a file has no such part
directoryTrigger({ name: 'a', workflow: Files, path: '.', context: (file) => ({ filename: file.title }) });
// @ts-expect-error -- it needs a name
directoryTrigger({ workflow: Sizes, path: '.' });
// @ts-expect-error -- it knows itself what makes a file the same
directoryTrigger({ name: 'a', workflow: Sizes, path: '.', dedup: 'off' });
// @ts-expect-error -- no such option
directoryTrigger({ name: 'a', workflow: Sizes, path: '.', recursiv: true });
// @ts-expect-error -- a folder is needed
directoryTrigger({ name: 'a', workflow: Sizes });
// @ts-expect-error -- an answer may hold anything
httpTrigger({ name: 'a', workflow: Files, url: 'https://example.com', items: '/data' });
// @ts-expect-error -- items without a filename
httpTrigger({ name: 'a', workflow: Files, url: 'https://example.com', items: () => [{ title: 'x' }] });
// @ts-expect-error -- nothing is known of a row
tableTrigger({ name: 'a', workflow: Files, dataSource, table: 'orders', column: 'id', key: 'id' });
// @ts-expect-error -- rows that fire for ever are no duplicates of anything
tableTrigger({ name: 'a', workflow: 'by_name', dataSource, table: 'orders', column: 'id', key: 'id', dedup: 'off' });
// @ts-expect-error -- going below fires too, and the workflow takes only "above"
queueDepthTrigger({ name: 'a', workflow: Depths, depth: () => 1, above: 5, on: ['above', 'below'] });
// @ts-expect-error -- a depth is a number
queueDepthTrigger({ name: 'a', workflow: Depths, depth: () => '1', above: 5 });
// @ts-expect-error -- a recovery has no error
healthTrigger({ name: 'a', workflow: Alarm, check: () => true });
// @ts-expect-error -- there is no such state
healthTrigger({ name: 'a', workflow: 'by_name', check: () => true, on: ['ill'] });
