import dns from 'node:dns';
import { BlockList } from 'node:net';
import { inspect } from 'node:util';
import { TestClock } from '../../../testing/test-clock.js';
import { PollSeries } from '../poll-series.contract.js';
import type { HttpOptions } from './http.options.js';
import { HttpSource } from './http.source.js';
import { TestServer } from './test-server.contract.js';

let server: TestServer;
let clock: TestClock;

beforeEach(async () => {
  server = await TestServer.start();
  clock = new TestClock();
});
afterEach(async () => {
  jest.restoreAllMocks();
  await server.stop();
});

const ask = (options: Partial<HttpOptions> = {}): PollSeries<object> =>
  new PollSeries<object>(
    new HttpSource<object>({ url: server.url('/orders'), privateNetwork: true, ...options }),
    clock,
  );
const orders = (...ids: number[]): object => ({ data: ids.map((id) => ({ id, total: id * 10 })) });
const origin = (): string => new URL(server.url()).origin;
const BY_ID = { items: '/data', key: '/id' };

describe('what fires', () => {
  it('fires every item once, by its key', async () => {
    const series = ask(BY_ID);
    server.always(200, orders(1, 2));
    expect((await series.poll()).fired).toEqual([
      { id: 1, total: 10 },
      { id: 2, total: 20 },
    ]);
    const before = JSON.stringify(series.cursor);
    expect((await series.poll()).result).toMatchObject({ kind: 'skip', reason: 'not modified' });
    expect(JSON.stringify(series.cursor)).toBe(before);
    server.always(200, orders(2, 3));
    expect((await series.poll()).fired).toEqual([{ id: 3, total: 30 }]);
    expect([...series.keys]).toEqual(['1', '2', '3']);
  });

  it('takes functions: a condition is a list of one or none', async () => {
    const series = ask({
      items: (body) => ((body as { state: string }).state === 'ready' ? [{ ready: true }] : []),
      key: () => 'ready',
    });
    server.always(200, { state: 'busy' });
    expect((await series.poll()).result.reason).toBe('nothing new in the answer');
    server.always(200, { state: 'ready' });
    expect(await series.pollAll()).toEqual([{ ready: true }]);
  });

  it('takes all of an item for its key where there is none', async () => {
    const series = ask({ items: '/data', key: '/name' });
    server.always(200, { data: [{ a: 1 }, { name: 'b' }, { a: 1 }] });
    expect((await series.poll()).fired).toEqual([{ a: 1 }, { name: 'b' }, { a: 1 }]);
    expect([...series.keys]).toEqual([expect.stringMatching(/^sha256:/), 'b']);
  });

  it('fires the body as a whole whenever it has changed, also back', async () => {
    const series = ask();
    for (const price of [1, 1, 2, 1]) {
      server.always(200, { price });
      await series.poll();
    }
    expect(series.fired).toEqual([{ price: 1 }, { price: 2 }, { price: 1 }]);
    series.cursor = undefined;
    server.always(200, { price: 7 });
    expect((await series.poll()).fired).toEqual([{ price: 7 }]);
  });

  it('fires a thousand at a time, and notices when the body changes between two pages', async () => {
    const series = ask(BY_ID);
    const all = Array.from({ length: 2_500 }, (_, at) => at);
    server.always(200, orders(...all), { etag: '"1"' });
    expect((await series.poll()).result).toMatchObject({ more: true });
    expect(await series.pollAll()).toHaveLength(1_500);
    expect(server.requests.some(({ headers }) => 'if-none-match' in headers)).toBe(false);

    server.always(200, orders(...all.map((id) => id + 10_000)));
    await series.poll();
    server.always(200, orders(-1, ...all.map((id) => id + 10_000)));
    await series.pollAll();
    expect(series.keys.size).toBe(5_001);
    expect(series.keys.has('-1')).toBe(true);
  });

  it('offers nothing again that it knows, however the rest of the answer changes', async () => {
    const series = ask(BY_ID);
    for (const at of [1, 2, 3]) {
      server.always(200, { at, ...orders(1, 2) });
      expect(await series.poll()).toMatchObject({ duplicates: 0 });
    }
    series.source = ask(BY_ID).source;
    server.always(200, { at: 4, ...orders(1, 2, 3) });
    expect(await series.poll()).toMatchObject({ fired: [{ id: 3 }], duplicates: 2 });
  });

  it('tries out without a trace', async () => {
    const series = ask(BY_ID);
    server.always(200, orders(1));
    expect((await series.poll({ dryRun: true })).fired).toHaveLength(1);
    expect((await series.poll()).fired).toHaveLength(1);
  });

  it('maps items, and asks for its headers every time', async () => {
    let token = 0;
    const source = new HttpSource({
      url: server.url(),
      privateNetwork: true,
      headers: async () => ({ authorization: `Bearer ${++token}` }),
      items: () => [{ id: 5 }],
      context: ({ id }) => ({ orderId: id }),
    });
    server.always(200, {});
    const series = new PollSeries(source, clock);
    expect((await series.poll()).fired).toEqual([{ orderId: 5 }]);
    await series.poll();
    expect(server.requests.map(({ headers }) => headers.authorization)).toEqual(['Bearer 1', 'Bearer 2']);
  });
});

describe('conditional requests', () => {
  it('sends back what the server called the last answer, and skips a 304', async () => {
    const series = ask(BY_ID);
    const modified = 'Thu, 01 Jan 2026 00:00:00 GMT';
    server.always(200, orders(1), { etag: 'W/"a"', 'last-modified': modified });
    await series.poll();
    server.always(304);
    expect((await series.poll()).result).toMatchObject({ kind: 'skip', reason: 'not modified' });
    expect(server.requests.at(-1)?.headers).toMatchObject({ 'if-none-match': 'W/"a"', 'if-modified-since': modified });
  });

  it('does not move on when the poll was not committed', async () => {
    const series = ask(BY_ID);
    server.always(200, orders(1), { etag: '"a"' });
    await series.poll({ lost: true });
    expect((await series.poll()).fired).toHaveLength(1);
    expect(server.requests.at(-1)?.headers['if-none-match']).toBeUndefined();
  });

  it('asks another URL, or for other items, without what it knows of the last', async () => {
    const series = ask(BY_ID);
    server.always(200, { ...orders(1), more: [{ id: 2 }] }, { etag: '"1"' });
    await series.poll();
    series.source = ask({ ...BY_ID, items: '/more' }).source;
    expect((await series.poll()).fired).toEqual([{ id: 2 }]);
    series.source = ask({ ...BY_ID, items: '/more', url: server.url('/other') }).source;
    await series.poll();
    expect(server.requests.map(({ headers }) => headers['if-none-match'])).toEqual([undefined, undefined, undefined]);
  });

  it('does not fire the body as a whole again because another URL leads to it', async () => {
    const series = ask();
    server.always(200, { price: 1 });
    await series.poll();
    series.source = ask({ url: server.url('/v2/orders') }).source;
    expect((await series.poll()).fired).toEqual([]);
  });

  it('goes by what the server calls the same body now', async () => {
    const series = ask(BY_ID);
    for (const etag of ['"1"', '"2"']) {
      server.always(200, orders(1), { etag });
      await series.poll();
    }
    await series.poll();
    expect(server.requests.map(({ headers }) => headers['if-none-match'])).toEqual([undefined, '"1"', '"2"']);
  });

  it('does not keep a validator that would not fit', async () => {
    const series = ask();
    server.always(200, {}, { etag: `"${'x'.repeat(2_000)}"` });
    await series.poll();
    expect(JSON.stringify(series.cursor)).not.toContain('xx');
  });
});

describe('trouble', () => {
  it.each([
    [429, '30'],
    [503, 'Thu, 01 Jan 2026 00:00:30 GMT'],
  ])('waits as long as a %d asks for, over a restart', async (status, header) => {
    const series = ask(BY_ID);
    server.always(status, '', { 'retry-after': header });
    expect((await series.poll()).result.reason).toBe('the server asked us to wait');
    series.source = ask(BY_ID).source;
    server.always(200, orders(1));
    expect(await series.pollIn(29_000)).toEqual([]);
    expect(server.requests).toHaveLength(1);
    expect(await series.pollIn(1_000)).toHaveLength(1);
  });

  it('does not wait for a time that the clock was set back from', async () => {
    const series = ask(BY_ID);
    server.always(429, '', { 'retry-after': '3600' });
    await series.poll();
    clock.set('2025-01-01T00:00:00Z');
    server.always(200, orders(1));
    expect((await series.poll()).fired).toHaveLength(1);
  });

  it.each([
    [500, 'answered 500'],
    [503, 'answered 503'],
    [429, 'answered 429'],
    [404, 'answered 404'],
  ])('fails the poll on a %d', async (status, message) => {
    server.always(status, 'a page of secrets');
    const polled = ask({ url: server.url('/orders?token=secret') }).poll();
    await expect(polled).rejects.toMatchObject({
      code: 'TRG_POLL_SOURCE',
      message: `${origin()} ${message}.`,
    });
  });

  it.each([
    [200, '<html>', {}],
    [404, '', {}],
    [302, '', { location: 'http://127.0.0.1:1/session/secret?token=secret' }],
  ])('shows no secret that stands in a path or a query: %d', async (status, body, headers) => {
    server.always(status, body, headers);
    const polled = ask({ ...BY_ID, url: server.url('/bot-secret/updates?token=secret') }).poll();
    const error = await polled.catch((thrown: Error) => thrown);
    expect(error).toMatchObject({ code: 'TRG_POLL_SOURCE', message: expect.stringContaining(origin()) });
    expect(inspect(error)).not.toContain('secret');
  });

  it('fails the poll when the server wants to speak another protocol', async () => {
    server.answer = (_request, response) => {
      response.socket?.write('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: h2c\r\n\r\n');
    };
    await expect(ask().poll()).rejects.toThrow(`${origin()} could not be asked: it closed the connection`);
  });

  it.each([
    ['no JSON', '<html>', /answered something that is no JSON\.$/],
    ['no array', '{"data":{}}', /"items" finds no array/],
  ])('fails the poll on %s', async (_what, body, message) => {
    server.always(200, body);
    await expect(ask(BY_ID).poll()).rejects.toThrow(message);
  });

  it('fails the poll when nobody answers', async () => {
    const series = ask();
    const gone = await TestServer.start();
    const url = gone.url();
    await gone.stop();
    await expect(ask({ url }).poll()).rejects.toThrow('could not be asked: connect ECONNREFUSED');
    await expect(series.poll()).rejects.toThrow('no JSON');
  });

  it('reads a mebibyte, and no byte more', async () => {
    const series = ask({ items: () => [{}] });
    server.always(200, JSON.stringify('x'.repeat(1_048_574)));
    expect((await series.poll()).fired).toHaveLength(1);
    server.always(200, JSON.stringify('x'.repeat(1_048_575)));
    await expect(series.poll()).rejects.toThrow('answered more than 1048576 bytes');
  });

  it('fails the poll when the answer breaks off', async () => {
    server.answer = (_request, response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('{', () => response.destroy());
    };
    await expect(ask().poll()).rejects.toThrow('broke off: aborted');
  });

  it('ends when the poll is aborted', async () => {
    const controller = new AbortController();
    server.answer = () => controller.abort(new Error('the timeout of the poll'));
    await expect(ask().poll({ signal: controller.signal })).rejects.toThrow('the timeout of the poll');
    const late = new AbortController();
    server.answer = (_request, response) => {
      response.writeHead(200);
      response.write('{', () => late.abort(new Error('amidst the body')));
    };
    await expect(ask().poll({ signal: late.signal })).rejects.toThrow('amidst the body');
  });
});

describe('where it may be sent', () => {
  it('follows redirects on the same host, and sends the headers along', async () => {
    server.answer = (request, response) => {
      if (request.url === '/orders') response.writeHead(302, { location: '/v2/orders' }).end('moved');
      else response.end(JSON.stringify(orders(1)));
    };
    const series = ask({ ...BY_ID, headers: () => ({ 'x-key': 'secret' }) });
    expect((await series.poll()).fired).toHaveLength(1);
    expect(server.requests.map(({ url, headers }) => [url, headers['x-key']])).toEqual([
      ['/orders', 'secret'],
      ['/v2/orders', 'secret'],
    ]);
  });

  it.each([
    ['another host', 'http://localhost:1/', 'http://localhost:1'],
    ['another port', 'http://127.0.0.1:1/?token=x', 'http://127.0.0.1:1'],
    ['another scheme', 'file:///etc/passwd', 'file:'],
    ['what is no URL', 'http://[', 'what is no URL'],
  ])('does not follow a redirect to %s', async (_what, location, shown) => {
    server.always(302, '', { location });
    await expect(ask().poll()).rejects.toThrow(`sends us on to ${shown}, which is another host.`);
    expect(server.requests).toHaveLength(1);
  });

  it('does not go round in circles', async () => {
    server.always(302, '', { location: '/orders' });
    await expect(ask().poll()).rejects.toThrow('more than 5 times');
    expect(server.requests).toHaveLength(6);
  });

  it.each(['127.0.0.1', '[::1]', '[::ffff:127.0.0.1]', '0x7f.1', '2130706433', 'localhost'])(
    'asks nobody at %s unless that is allowed',
    async (host) => {
      const url = `http://${host}:${server.port}/`;
      await expect(ask({ url, privateNetwork: false }).poll()).rejects.toThrow('not public');
      expect(server.requests).toEqual([]);
    },
  );

  it('is not fooled by a name that leads elsewhere the second time', async () => {
    const addresses = [['93.184.215.14'], ['127.0.0.1']];
    const looked = jest.spyOn(dns, 'lookup').mockImplementation(((
      _name: string,
      _options: object,
      callback: (error: null, all: object[]) => void,
    ) =>
      callback(
        null,
        (addresses.shift() ?? []).map((address) => ({ address, family: 4 })),
      )) as never);
    // What a check beforehand would have seen.
    dns.lookup('rebinding.example', { all: true }, (_error, all) =>
      expect(all).toEqual([{ address: '93.184.215.14', family: 4 }]),
    );

    const url = `http://rebinding.example:${server.port}/`;
    await expect(ask({ url, privateNetwork: false }).poll()).rejects.toThrow('"rebinding.example" leads to an address');
    expect(looked).toHaveBeenCalledTimes(2);
    expect(server.requests).toEqual([]);
  });

  it('connects to the address that was judged', async () => {
    const looked = jest
      .spyOn(dns, 'lookup')
      .mockImplementation(((_name: string, _options: object, callback: (error: null, all: object[]) => void) =>
        callback(null, [{ address: '127.0.0.1', family: 4 }])) as never);
    // No address of a test is public: here this one counts as public.
    jest.spyOn(BlockList.prototype, 'check').mockReturnValue(false);
    server.always(200, orders(1));
    const series = ask({ ...BY_ID, url: `http://api.example:${server.port}/`, privateNetwork: false });
    expect((await series.poll()).fired).toHaveLength(1);
    expect(server.requests[0]?.headers.host).toBe(`api.example:${server.port}`);
    expect(looked).toHaveBeenCalledTimes(1);
  });

  it('says what a server sends without its control characters', async () => {
    server.always(302, '', { location: 'http://evil.example/\u001b[31m'.replace('\u001b', '%1b') });
    await expect(ask().poll()).rejects.not.toThrow('\u001b');
  });
});

it.each([
  [{ url: 'ftp://example.com/' }, '"url" is "ftp://…"'],
  [{ url: 'orders' }, '"url" is "no URL"'],
  [{ url: 'https://user:secret@example.com/' }, '"url" is "https://…"'],
  [{ items: 'data' }, '"items"'],
  [{ key: 5 as never }, '"key"'],
  [{ headers: { a: 'secret' } as never }, '"headers" is "object"'],
  [{ privateNetwork: 'yes' as never }, '"privateNetwork"'],
])('refuses %j as a definition error, without its secrets', (options, message) => {
  expect(() => ask(options)).toThrow(message);
  expect(() => ask(options)).not.toThrow('secret');
});
