import { getEventListeners } from 'node:events';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { TestClock } from '../../../testing/test-clock.js';
import { TestServer } from '../http/test-server.contract.js';
import { PollSeries } from '../poll-series.contract.js';
import type { HealthOptions, HealthState } from './health.options.js';
import { HealthSource } from './health.source.js';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

let clock: TestClock;
let check: (signal: AbortSignal) => unknown;
beforeEach(() => {
  clock = new TestClock('2026-01-01T00:00:00Z');
  check = () => true;
});

const ill = (): never => {
  throw new Error('connection\u0007 refused');
};
const source = (options: Partial<HealthOptions> = {}): HealthSource<object, HealthState> =>
  new HealthSource<object, HealthState>({ check: (signal) => check(signal), failures: 3, ...options });
const watch = (options: Partial<HealthOptions> = {}): PollSeries<object> => new PollSeries(source(options), clock);
const polls = async (series: PollSeries<object>, times: number): Promise<object[]> => {
  const fired: object[] = [];
  for (let time = 0; time < times; time++) fired.push(...(await series.pollIn(1_000)));
  return fired;
};
const DOWN = { state: 'down', failures: 3, since: '2026-01-01T00:00:01.000Z', error: 'connection refused' };

it('fires once after so many failed checks in a row, and when the first is good again', async () => {
  const series = watch();
  check = ill;
  expect(await polls(series, 2)).toEqual([]);
  expect(await polls(series, 5)).toEqual([DOWN]);
  check = () => true;
  expect(await polls(series, 3)).toEqual([{ state: 'up', since: '2026-01-01T00:00:01.000Z', downForMs: 7_000 }]);
});

it('counts only what fails in a row', async () => {
  const series = watch();
  for (const failing of [true, true, false, true, true, false]) {
    check = failing ? ill : () => undefined;
    expect(await polls(series, 1)).toEqual([]);
  }
});

it.each([null, 7, 'here', { failures: 'many', state: 'up' }])(
  'counts from the beginning when an operator says %j',
  async (cursor) => {
    const series = watch();
    series.cursor = cursor;
    check = ill;
    expect(await polls(series, 3)).toEqual([DOWN]);
  },
);

it('takes false for a failed check, and nothing for a good one', async () => {
  const series = watch({ failures: 1 });
  check = async () => false;
  expect(await polls(series, 1)).toMatchObject([{ state: 'down', error: 'The check said that it is not well' }]);
  check = () => undefined;
  expect(await polls(series, 1)).toMatchObject([{ state: 'up' }]);
});

it('neither repeats nor forgets over a restart or a crash', async () => {
  const series = watch();
  check = ill;
  await polls(series, 2);
  series.source = source();
  await clock.advance(1_000);
  expect((await series.poll({ lost: true })).fired).toEqual([DOWN]);
  expect((await series.poll()).fired).toEqual([DOWN]);
  series.source = source();
  expect(await polls(series, 3)).toEqual([]);
});

it('writes nothing while nothing changes', async () => {
  const series = watch();
  const first = JSON.stringify((await series.poll()).result.cursor);
  expect(JSON.stringify((await series.poll()).result.cursor)).toBe(first);
  check = ill;
  await polls(series, 3);
  expect((await series.poll()).result).toMatchObject({ kind: 'skip', reason: 'still down', cursor: undefined });
});

it.each([
  [['down'], ['down']],
  [['up'], ['up']],
  [undefined, ['down', 'up']],
] as const)('fires what %j names', async (on, expected) => {
  const series = watch(on === undefined ? {} : { on });
  check = ill;
  await polls(series, 4);
  check = () => true;
  await polls(series, 2);
  expect(series.fired.map((change) => (change as { state: string }).state)).toEqual(expected);
});

it('does not take a clock that was set back for a negative time', async () => {
  const series = watch({ failures: 1 });
  check = ill;
  await polls(series, 1);
  clock.set('2025-01-01T00:00:00Z');
  check = () => true;
  expect((await series.poll()).fired).toMatchObject([{ state: 'up', downForMs: 0 }]);
});

it('takes a check for failed that takes too long, whether or not it looks at its signal', async () => {
  const series = watch({ failures: 1, checkTimeout: '20ms' });
  check = () => new Promise(() => undefined);
  expect(await polls(series, 1)).toMatchObject([{ state: 'down', error: 'No answer within 20ms' }]);
});

it('keeps nothing of a check that is over, whatever that has left on its signal', async () => {
  const signals: WeakRef<AbortSignal>[] = [];
  check = (signal) => {
    signal.addEventListener('abort', () => undefined);
    signals.push(new WeakRef(signal));
  };
  const controller = new AbortController();
  const series = watch();
  for (let time = 0; time < 20; time++) await series.poll({ signal: controller.signal });
  await new Promise((resolve) => setImmediate(resolve));
  collect();
  expect(signals.filter((signal) => signal.deref() !== undefined)).toEqual([]);
  expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
});

it('knows nothing when the poll itself is aborted', async () => {
  const series = watch({ failures: 1 });
  const controller = new AbortController();
  check = () => {
    controller.abort(new Error('shutdown'));
    return new Promise(() => undefined);
  };
  await expect(series.poll({ signal: controller.signal })).rejects.toThrow('shutdown');
  expect(series.cursor).toBeUndefined();
});

describe('a URL', () => {
  let server: TestServer;
  beforeEach(async () => (server = await TestServer.start()));
  afterEach(() => server.stop());
  const watchUrl = (more: Partial<HealthOptions> = {}): PollSeries<object> => {
    const options = { url: server.url('/health?key=secret'), privateNetwork: true, failures: 1, ...more };
    return new PollSeries(new HealthSource<object, HealthState>(options), clock);
  };

  it('is well when it answers 2xx', async () => {
    const series = watchUrl({ headers: () => ({ 'x-key': 'secret' }) });
    server.always(204);
    expect(await polls(series, 1)).toEqual([]);
    expect(server.requests[0]?.headers['x-key']).toBe('secret');
    server.always(503);
    expect(await polls(series, 1)).toMatchObject([
      { state: 'down', error: `${new URL(server.url()).origin} answered 503.` },
    ]);
    server.always(200);
    expect(await polls(series, 1)).toMatchObject([{ state: 'up' }]);
  });

  it('is down when it does not answer in time', async () => {
    server.answer = () => undefined;
    expect(await polls(watchUrl({ checkTimeout: '20ms' }), 1)).toMatchObject([{ error: 'No answer within 20ms' }]);
  });

  it('is not asked in our own network unless that is allowed', async () => {
    expect(await polls(watchUrl({ privateNetwork: false }), 1)).toMatchObject([
      { error: expect.stringContaining('not public') },
    ]);
    expect(server.requests).toEqual([]);
  });
});

it.each([
  [{ failures: 0 }, '"failures"'],
  [{ failures: 1.5 }, '"failures"'],
  [{ checkTimeout: '1 s' as never }, '"checkTimeout"'],
  [{ on: [] }, '"on"'],
  [{ url: 'https://example.com/' }, '"check"'],
  [{ check: undefined as never }, '"check"'],
])('refuses %j as a definition error', (options, named) => {
  expect(() => source(options)).toThrow(named);
});
