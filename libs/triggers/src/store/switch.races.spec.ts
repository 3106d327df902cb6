import type { DedupWish } from './commits/firing.draft.js';
import { wish } from './contract/drafts.contract.js';
import type { DraftGiven } from './contract/drafts.contract.js';
import { useStoreKit } from './contract/kit.contract.js';
import { useOtherProcess } from './contract/other-process.contract.js';
import { fire } from './contract/work.contract.js';
import { declareTriggers } from './trigger.repository.js';

const FOR_EVER = { scope: 'ever' } as const;
const event = wish('event', FOR_EVER);
const request = wish('request', { ...FOR_EVER, space: 'sender' });

describe('the switch of a trigger on postgres, beside another process', () => {
  const kit = useStoreKit('postgres');
  const other = useOtherProcess(kit);
  const take = ({ space, key }: DedupWish): Promise<void> =>
    other().run('INSERT INTO triggers_dedup (trigger, key, firing_id) VALUES ($1, $2, $3)', [space, key, 'theirs']);

  it.each<[what: string, given: DraftGiven]>([
    ['its key', { dedup: event }],
    ['the second of its keys', { idempotency: request, dedup: event }],
  ])('that is turned off while a firing waits for %s holds that firing', async (_what, given) => {
    const store = await kit().open();
    await store.change(() => declareTriggers([{ name: 'inbox', kind: 'webhook', aliases: [] }]));
    await other().run('BEGIN');
    await take(event);
    const firing = fire(store, { ...given, gate: { declaredEnabled: true, whenDisabled: 'hold' } });
    expect(await other().isInTheWayOf(firing)).toBe(true);
    await store.dialect.writer.query(`UPDATE triggers_trigger SET enabled_override = false WHERE name = 'inbox'`);
    await other().run('ROLLBACK');
    expect(await firing).toMatchObject({ status: 'stored', state: 'held' });
  });
});
