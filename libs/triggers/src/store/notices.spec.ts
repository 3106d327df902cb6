import type { ExecutionId } from '../model/ids.js';
import { TestClock } from '../testing/test-clock.js';
import type { NoticeChannel } from './dialects/notice-channel.js';
import { Notices } from './notices.js';
import type { Notice } from './notices.js';

describe('Notices', () => {
  const sent: (readonly string[])[] = [];
  let hear: (text: string) => void;
  let clock: TestClock;
  let notices: Notices;
  const channel: NoticeChannel = {
    listen: (listener) => (hear = listener),
    look: () => undefined,
    send: (texts) => void sent.push(texts),
    close: async () => undefined,
  };

  beforeEach(() => {
    sent.length = 0;
    clock = new TestClock();
    notices = new Notices(channel, clock);
  });

  it('sends the first at once, and what follows within 50 ms together and each once', async () => {
    notices.tell({ about: 'ready' });
    notices.tell({ about: 'ready' });
    notices.tell({ about: 'trigger', name: 'inbox' });
    notices.tell({ about: 'ready' });
    expect(sent).toEqual([['ready']]);
    await clock.advance(49);
    expect(sent).toHaveLength(1);
    await clock.advance(1);
    expect(sent).toEqual([['ready'], ['ready', 'trigger:inbox']]);
    await clock.advance(1_000);
    expect([sent.length, clock.timers]).toEqual([2, 0]);
  });

  it('says that anything may have changed instead of more than a hundred things', async () => {
    notices.tell({ about: 'ready' });
    for (let at = 0; at < 101; at += 1) notices.tell({ about: 'execution', id: String(at) as ExecutionId });
    await clock.advance(50);
    expect(sent[1]).toEqual(['anything']);
  });

  it('hears what another process sends, and passes over what it does not understand', async () => {
    const heard: Notice[] = [];
    notices.listen((notice) => heard.push(notice));
    const said: Notice[] = [
      { about: 'ready' },
      { about: 'execution', id: 'e-1' as ExecutionId },
      { about: 'trigger', name: 'a:b' },
      { about: 'anything' },
    ];
    for (const notice of said) {
      notices.tell(notice);
      await clock.advance(50);
    }
    for (const text of [...sent.flat(), '', 'trigger', 'moon:full']) hear(text);
    expect(heard).toEqual(said);
  });

  it('sends nothing after its end', async () => {
    notices.tell({ about: 'ready' });
    notices.tell({ about: 'trigger', name: 'inbox' });
    await notices.close();
    await clock.advance(1_000);
    expect(sent).toEqual([['ready']]);
  });
});
