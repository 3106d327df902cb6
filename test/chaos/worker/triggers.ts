import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Injectable } from '@nestjs/common';
import { Trigger, TriggerResult } from 'nestjs-triggers';
import type { Poll } from 'nestjs-triggers';
import { recordPoll } from './effects.js';
import type { Work } from './effects.js';
import { settings } from './settings.js';
import { Chain, Fan, Single, Taker } from './workflows.js';

const EVERY = '40ms';
/** Firings of one poll: less than the driver feeds at once, so that polls ask for more. */
const PAGE = 7;

/** Three polls that read what the driver feeds: by a cursor, by keys for ever, by keys while they run. */
@Injectable()
export class Feeds {
  /** Counts by its cursor alone: no key keeps an item from being fired twice. */
  @Trigger({ workflow: Single, pollInterval: EVERY, allowConcurrent: true })
  counted(poll: Poll<{ next: number }>): TriggerResult<Work> {
    const next = poll.cursor?.next ?? 0;
    const items = fed('counted').slice(next, next + PAGE);
    if (items.length === 0) return TriggerResult.skip('nothing new');
    return TriggerResult.fireMany(
      items.map((context) => ({ context })),
      { cursor: { next: next + items.length }, more: items.length === PAGE },
    );
  }

  /** Fires everything at every poll: keys alone keep it from being fired twice. Starts two workflows. */
  @Trigger({ workflow: [Chain, Fan], pollInterval: EVERY, dedup: { for: 'ever' } })
  keyed(): TriggerResult<Work> {
    const items = fed('keyed');
    if (items.length === 0) return TriggerResult.skip('nothing there');
    return TriggerResult.fireMany(items.map((context) => ({ context, dedupKey: context.item })));
  }

  /** Fires what nobody has taken yet: an item is held while it is worked on. */
  @Trigger({ workflow: Taker, pollInterval: EVERY, allowConcurrent: false })
  waiting(): TriggerResult<Work> {
    const done = new Set(readdirSync(join(settings.folder, 'done')));
    const items = fed('waiting').filter(({ item }) => !done.has(item));
    if (items.length === 0) return TriggerResult.skip('all taken');
    return TriggerResult.fireMany(items.map((context) => ({ context, dedupKey: context.item })));
  }
}

/** Polls a trigger: the items that the driver has fed to it; the last line may be on its way. */
function fed(trigger: string): Work[] {
  recordPoll(trigger);
  const file = join(settings.folder, `${trigger}.jsonl`);
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8').split('\n');
  return lines.slice(0, -1).map((line) => JSON.parse(line) as Work);
}
