import { Injectable } from '@nestjs/common';
import {
  EntityTrigger,
  ManualTrigger,
  Task,
  Trigger,
  TriggerResult,
  WebhookTrigger,
  Workflow,
  WorkflowTrigger,
  unsigned,
} from 'nestjs-triggers';
import type { EntityChange, ManualRequest, TaskContext } from 'nestjs-triggers';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import { cleanUp } from '../support/app.js';
import { DIALECTS } from '../support/database.js';
import { openShop } from '../support/shop.js';
import type { Shop } from '../support/shop.js';
import { until } from '../support/until.js';

/** What dead letters once kept two kilobytes of. */
const TEXT = '50 KB '.repeat(8_534);

interface Text {
  readonly text: string;
}

@Entity()
class Letter {
  @PrimaryColumn()
  id!: number;

  @Column({ type: 'text' })
  text!: string;
}

let isBroken = true;
/** Whether what each execution got is all of it. */
let taken: boolean[] = [];

const filter = (): boolean => {
  if (isBroken) throw new RangeError('not yet');
  return true;
};

@Workflow({ name: 'take' })
class Take {
  @Task()
  take({ data }: TaskContext<Text>): void {
    taken.push(data.text === TEXT);
  }
}

@Workflow({ name: 'write' })
class Write {
  @Task()
  write(): Text {
    return { text: TEXT };
  }
}

@Injectable()
class Letters {
  @Trigger({ workflow: Take, pollInterval: '1h', dedup: { for: '7d' }, filter })
  polled() {
    return TriggerResult.fire({ text: TEXT });
  }

  @WorkflowTrigger({ workflow: Write, on: 'completed', start: Take, filter })
  followed() {
    return { text: TEXT };
  }

  @EntityTrigger({ workflow: Take, entity: Letter, on: ['insert'], filter })
  written({ after }: EntityChange<Letter, 'insert'>) {
    return { text: after.text };
  }

  @ManualTrigger({ workflow: Take, filter })
  pushed({ input }: ManualRequest) {
    return { text: (input as { readonly letter: string }).letter };
  }

  @WebhookTrigger({ workflow: Take, path: 'letters', verify: unsigned(), filter })
  sent() {}
}

/** Ways in which something fires that nobody is told an error of. */
const WAYS: readonly [string, (shop: Shop) => Promise<unknown>][] = [
  ['a poll', ({ app }) => app.kit.poll('polled')],
  ['the end of a workflow', ({ app }) => app.runner.start('write', {})],
  ['a change of an entity', ({ source }) => source.manager.insert(Letter, { id: 1, text: TEXT })],
  ['a webhook', ({ app }) => app.call('POST', '//webhooks/letters', { text: TEXT })],
  [
    'a program in its transaction',
    ({ app, source }) => source.transaction((manager) => app.triggers.fire('polled', { text: TEXT }, { manager })),
  ],
  [
    'a program in its transaction, by a trigger whose method makes the context',
    ({ app, source }) => source.transaction((manager) => app.triggers.fire('pushed', { letter: TEXT }, { manager })),
  ],
];

describe.each(DIALECTS)('a filter that throws, on %s', (database) => {
  let shop: Shop;

  beforeEach(async () => {
    [isBroken, taken] = [true, []];
    const providers = [Take, Write, Letters];
    shop = await openShop({ database, entities: [Letter], providers, webhooks: {} });
  });
  afterEach(cleanUp);

  it.each(WAYS)(
    'loses nothing of %s: once it is mended, a replay starts the workflow with all of it',
    async (_way, fire) => {
      await fire(shop);
      const [letter] = await until(async () => {
        const { items } = await shop.app.get('/dead-letters');
        return items.length > 0 && items;
      }, 'a dead letter is kept');
      expect(letter.reason).toMatch(/filter threw: not yet/);
      expect(taken).toEqual([]);

      const early = await shop.app.call('POST', `/dead-letters/${letter.id}/replay`);
      expect(early).toMatchObject({ status: 422, body: { code: 'TRG_CONTEXT_FILTER' } });
      isBroken = false;
      const { body } = await shop.app.call('POST', `/dead-letters/${letter.id}/replay`);
      expect(body.status).toBe('accepted');
      await shop.app.kit.drain();
      expect(taken).toEqual([true]);
      expect((await shop.app.get('/dead-letters')).items).toEqual([]);
    },
  );
});
