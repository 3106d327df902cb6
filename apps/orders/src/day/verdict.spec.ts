import { account } from './account.js';
import type { Ledger } from './account.js';
import type { Execution, Firing } from './admin.client.js';
import type { Mail } from './post.js';
import { idle, starting, summed } from './story.js';
import type { Claim, Story } from './story.js';
import { tableOf } from './table.js';
import { countOf, differences, rolledBack } from './verdict.js';
import type { Outcome } from './verdict.js';

const firing = (over: Partial<Firing> = {}): Firing => ({
  id: 'f1',
  trigger: 'new_customer',
  state: 'accepted',
  context: { customerId: 1 },
  duplicates: 0,
  executionIds: ['e1'],
  ...over,
});
const execution = (over: Partial<Execution> = {}): Execution => ({ id: 'e1', state: 'completed', ...over });
const mail = (over: Partial<Mail> = {}): Mail => ({
  to: 'ada@example.com',
  about: 'welcome',
  text: 'Dear Ada',
  executionId: 'e1',
  ...over,
});
const newcomer: Claim = { trigger: 'new_customer', id: 1 };
const ada = starting({ what: 'Ada registers', by: 'save', answered: '201' }, '201', [newcomer]);
const refused = idle({ what: 'Too much', by: 'transaction', answered: '409' }, '409');

interface Found extends Partial<Ledger> {
  readonly mails?: readonly Mail[];
  readonly waiting?: number;
}

function outcome(stories: readonly Story[], found: Found = {}): Outcome {
  const { firings = [firing()], executions = [execution()], mails = [mail()], waiting = 0 } = found;
  return { ...account(stories, { firings, executions }, mails), mails: mails.length, waiting };
}

it('finds nothing where every write led to what it should', () => {
  expect(differences(outcome([ada, refused]))).toEqual([]);
});

it.each<readonly [string, Found, string[]]>([
  [
    'what was lost',
    { firings: [], executions: [], mails: [] },
    [
      'Ada registers: firing is –, not accepted',
      'Ada registers: execution is –, not completed',
      'Ada registers: mail is –, not welcome',
      'the post took 0 mails, not 1',
    ],
  ],
  [
    'what was fired twice',
    { firings: [firing(), firing({ id: 'f2', executionIds: ['e2'] })] },
    ['firing f2 of new_customer, accepted, belongs to no write'],
  ],
  [
    'what a write that was taken back has started',
    { firings: [firing(), firing({ id: 'f2', trigger: 'order_placed', context: { orderId: 1 } })] },
    ['firing f2 of order_placed, accepted, belongs to no write'],
  ],
  [
    'what failed',
    { executions: [execution({ state: 'failed' })] },
    ['Ada registers: execution is failed, not completed'],
  ],
  ['what was not kept', { executions: [] }, ['Ada registers: execution is missing, not completed']],
  [
    'a mail under two keys',
    { mails: [mail(), mail()] },
    ['Ada registers: mail is welcome ×2, not welcome', 'the post took 2 mails, not 1'],
  ],
  ['a mail of nobody', { mails: [mail(), mail({ executionId: 'e9' })] }, ['the post took 2 mails, not 1']],
  ['what waits still', { waiting: 2 }, ['2 changes are in the outbox still']],
])('tells %s', (_what, found, problems) => {
  expect(differences(outcome([ada, refused], found))).toEqual(problems);
});

it('tells an answer that nobody expected', () => {
  const [answered] = [{ ...refused, answered: '201' }];
  expect(differences(outcome([ada, answered]))).toEqual(['Too much: answered is 201, not 409']);
});

it('gives firings of one row to its writes in their order', () => {
  const again = starting({ what: 'Mended', by: 'admin API', answered: 'accepted' }, 'accepted', [newcomer]);
  const firings = [firing({ state: 'rejected', executionIds: [] }), firing({ id: 'f2' })];
  const { rows } = outcome([ada, again], { firings });
  expect(rows.map(({ fate }) => [fate.firing, fate.execution, fate.mail])).toEqual([
    ['rejected', '–', '–'],
    ['accepted', 'completed', 'welcome'],
  ]);
});

it('knows a repeat by the firing that counted it', () => {
  const back = starting({ what: 'Back', by: 'restore', answered: '204' }, '204', [{ ...newcomer, isRepeat: true }], {
    firing: 'duplicate',
    execution: '–',
    mail: '–',
  });
  expect(differences(outcome([ada, back], { firings: [firing({ duplicates: 1 })] }))).toEqual([]);
  expect(differences(outcome([ada, back]))).toEqual(['Back: firing is –, not duplicate']);
});

it('shows what was seen on the way', () => {
  const told = { what: 'Held', by: 'save', answered: '200', seen: 'held' };
  const { rows } = outcome([starting(told, '200', [newcomer])]);
  expect(tableOf(rows)).toEqual([
    '  write  by    answered  firing               execution  mail',
    '  Held   save  200       held, then accepted  completed  welcome',
  ]);
});

it('counts what was rolled back, by the shop or by hand', () => {
  const tried = idle({ what: 'An import', by: 'SQL', answered: 'ROLLBACK' }, 'ROLLBACK');
  expect(rolledBack(outcome([ada, refused, tried]))).toBe(2);
});

it('counts words as it sums them', () => {
  const words = ['review', 'welcome', 'review', 'review'];
  expect(summed(words)).toBe('review ×3, welcome');
  expect([countOf(summed(words)), countOf(summed([]))]).toEqual([4, 0]);
});
