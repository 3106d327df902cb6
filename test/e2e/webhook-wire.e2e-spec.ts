import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { Injectable } from '@nestjs/common';
import { OnTriggers, WebhookTrigger, hmac, unsigned } from 'nestjs-triggers';
import type { TriggersEvents, WebhookEvent } from 'nestjs-triggers';
import { TestClock } from 'nestjs-triggers/testing';
import { PLATFORMS, boot, cleanUp } from '../support/app.js';
import type { TestApp } from '../support/app.js';
import { until } from '../support/until.js';
import { SECRET, SIGNATURE, deliver, sign } from '../support/webhooks.js';
import { Work } from '../support/work.js';

/** A connection, what it was told, and its end. */
interface Wire {
  readonly socket: Socket;
  readonly told: () => string;
  readonly ends: Promise<unknown>;
}

/** Methods that have not answered yet. */
const thinking: (() => void)[] = [];
/** What was told of methods that did not end in time. */
const stalled: unknown[] = [];

@Injectable()
class Webhooks {
  @WebhookTrigger({ workflow: 'work', path: 'signed', verify: hmac({ header: SIGNATURE, secret: SECRET }) })
  signed({ rawBody }: WebhookEvent) {
    return { raw: rawBody.toString('latin1') };
  }

  @WebhookTrigger({ workflow: 'work', path: 'thoughtful', verify: unsigned(), dedup: 'off' })
  thoughtful(): Promise<void> {
    return new Promise((resolve) => thinking.push(resolve));
  }

  @WebhookTrigger({ workflow: 'work', path: 'pensive', verify: unsigned(), dedup: 'off' })
  pensive(): Promise<void> {
    return this.thoughtful();
  }

  @WebhookTrigger({ workflow: 'work', path: 'small', verify: unsigned(), maxBytes: 10, dedup: 'off' })
  small(): void {}

  @OnTriggers('trigger.stalled')
  onStalled({ trigger, timeoutMs }: TriggersEvents['trigger.stalled']): void {
    stalled.push({ trigger, timeoutMs });
  }
}

describe.each(PLATFORMS)('a webhook on the wire, on %s', (platform) => {
  let app: TestApp;
  afterEach(async () => {
    await cleanUp();
    for (const resolve of thinking.splice(0)) resolve();
    stalled.length = 0;
  });

  const start = async (clock?: TestClock): Promise<void> => {
    app = await boot({ database: 'sqlite', platform, providers: [Work, Webhooks], ...(clock && { clock }) });
  };

  const open = async (): Promise<Wire> => {
    const { hostname, port } = new URL(app.url);
    const socket = connect(Number(port), hostname).on('error', () => undefined);
    let text = '';
    socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
    await once(socket, 'connect');
    return { socket, told: () => text, ends: once(socket, 'close') };
  };
  const head = (path: string, ...headers: string[]): string =>
    [`POST /webhooks/${path} HTTP/1.1`, 'Host: x', 'Content-Type: application/json', ...headers, '', ''].join('\r\n');
  /** Deliveries whose method thinks about them. */
  const hold = async (path: string, count: number): Promise<Wire[]> => {
    const held = await Promise.all(Array.from({ length: count }, open));
    for (const { socket } of held) socket.write(`${head(path, 'Content-Length: 2')}{}`);
    return held;
  };
  /** As many as there are places. */
  const holdAll = async (): Promise<Wire[]> => {
    const held = [...(await hold('thoughtful', 48)), ...(await hold('pensive', 16))];
    await until(() => thinking.length === 64, 'each is held by its method');
    return held;
  };
  /** Waits for an answer while the time goes by. */
  const answeredInTime = ({ told }: { told: () => string }, clock: TestClock, what: string): Promise<boolean> =>
    until(async () => {
      await clock.advance(100);
      return told().includes('\r\n\r\n');
    }, what);
  const answerTo = async (request: string): Promise<string> => {
    const { socket, told, ends } = await open();
    socket.write(request);
    await until(() => told().includes('\r\n\r\n'), 'an answer');
    socket.end();
    await ends;
    return told();
  };

  it('is verified over the bytes as they came: blanks, order, escapes, no UTF-8 is lost', async () => {
    await start();
    const text = '{ "b" : 1.0,\n "a":"\\u00e9é😀" , "b": 1e2 }\n';
    const { body } = await deliver(app, 'signed', text);
    const { context } = await app.get(`/executions/${body.executionIds[0]}`);
    expect(Buffer.from(context.raw, 'latin1').toString()).toBe(text);
    const wrong = Buffer.concat([Buffer.from('{"a":"'), Buffer.from([0xff, 0xfe]), Buffer.from('"}')]);
    expect(await deliver(app, 'signed', wrong)).toMatchObject({ status: 400 });
  });

  it('may come in chunks without a length', async () => {
    await start();
    const text = '{"in":"chunks"}';
    const chunks = [...text].map((letter) => `1\r\n${letter}\r\n`).join('');
    const answer = await answerTo(
      `${head('signed', 'Transfer-Encoding: chunked', `X-Signature: ${sign(text)}`)}${chunks}0\r\n\r\n`,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 200 /);
    expect(answer).toContain('"accepted"');
  });

  it.each([
    ['declares', `Content-Length: 11`, '{"a":12345}'],
    ['turns out to have', 'Transfer-Encoding: chunked', 'b\r\n{"a":12345}\r\n0\r\n\r\n'],
  ])('that %s too many bytes is told so', async (_what, header, body) => {
    await start();
    expect(await answerTo(head('small', header) + body)).toMatch(/^HTTP\/1\.1 413 /);
    expect(await answerTo(`${head('small', 'Content-Length: 10')}{"a":1234}`)).toMatch(/^HTTP\/1\.1 200 /);
  });

  it('that never ends is told so without being read on for ever', async () => {
    await start();
    const { socket, told } = await open();
    socket.write(head('small', 'Transfer-Encoding: chunked'));
    socket.write(`64\r\n${'x'.repeat(100)}\r\n`);
    await until(() => told().includes(' 413 '), 'the answer');
    expect(told().toLowerCase()).toContain('connection: close');
    socket.destroy();
  });

  it.each([
    ['two lengths', ['Content-Length: 2', 'Content-Length: 3']],
    ['a length and chunks', ['Content-Length: 2', 'Transfer-Encoding: chunked']],
  ])('with %s is no request', async (_what, headers) => {
    await start();
    expect(await answerTo(`${head('small', ...headers)}{}`)).toMatch(/^HTTP\/1\.1 400 /);
    expect((await app.get('/small/firings')).items).toEqual([]);
  });

  it('that breaks off leaves nothing, and its place is free again', async () => {
    await start();
    for (let time = 0; time < 70; time += 1) {
      const { socket, ends } = await open();
      socket.write(`${head('signed', 'Content-Length: 100')}{"a":`);
      socket.destroy();
      await ends;
    }
    expect((await deliver(app, 'signed', { a: 1 })).status).toBe(200);
    expect((await app.get('/signed/firings')).items).toHaveLength(1);
  });

  it('that takes too long to arrive is given up', async () => {
    const clock = new TestClock();
    await start(clock);
    const { socket, told, ends } = await open();
    socket.write(`${head('signed', 'Content-Length: 100')}{"a":`);
    await until(async () => {
      await clock.advance(1_000);
      return told().includes('\r\n\r\n');
    }, 'the answer');
    expect(told()).toMatch(/^HTTP\/1\.1 408 /);
    expect(told().toLowerCase()).toContain('connection: close');
    socket.destroy();
    await ends;
  });

  it('is read with 64 others at most; the rest wait, and are told to come again after a while', async () => {
    const clock = new TestClock();
    await start(clock);
    const held = await holdAll();
    const late = await open();
    late.socket.write(`${head('small', 'Content-Length: 2')}{}`);
    await answeredInTime(late, clock, 'the late one is told to come again');
    expect(late.told()).toMatch(/^HTTP\/1\.1 503 [^]*retry-after: 2/i);

    const next = await open();
    next.socket.write(`${head('small', 'Content-Length: 2')}{}`);
    thinking.shift()?.();
    await until(() => next.told().includes('\r\n\r\n'), 'the next one takes the place that became free');
    expect(next.told()).toMatch(/^HTTP\/1\.1 200 /);
    for (const resolve of thinking.splice(0)) resolve();
    for (const { socket } of [...held, late, next]) socket.destroy();
  });

  it('waits for its method with 47 others at most, so that a method that hangs leaves places to other triggers', async () => {
    const clock = new TestClock();
    await start(clock);
    const held = await hold('thoughtful', 48);
    await until(() => thinking.length === 48, 'each is held by its method');
    const [first] = held as [Wire];
    expect(await deliver(app, 'thoughtful', {})).toMatchObject({
      status: 503,
      body: { message: expect.stringContaining('Too many calls') },
    });
    expect((await deliver(app, 'small', {})).status).toBe(200);

    thinking.shift()?.();
    await until(() => first.told().includes('\r\n\r\n'), 'one is answered');
    const next = await hold('thoughtful', 1);
    await until(() => thinking.length === 48, 'the next one takes the place that became free');
    for (const { socket } of [...held, ...next]) socket.destroy();
  });

  it('is answered 503 when its method does not end in time, and what that returns later does not count', async () => {
    const clock = new TestClock();
    await start(clock);
    const { socket, told } = await open();
    socket.write(`${head('thoughtful', 'Content-Length: 2')}{}`);
    await until(() => thinking.length === 1, 'the method has it');
    await clock.advance(9_999);
    expect([told(), stalled]).toEqual(['', []]);
    await clock.advance(1);
    await until(() => told().includes('\r\n\r\n'), 'the answer');
    expect(told()).toMatch(/^HTTP\/1\.1 503 [^]*retry-after: 2[^]*did not end within 10s/i);
    expect(stalled).toEqual([{ trigger: 'thoughtful', timeoutMs: 10_000 }]);
    for (const resolve of thinking.splice(0)) resolve();
    expect((await deliver(app, 'small', {})).status).toBe(200);
    expect((await app.get('/thoughtful/firings')).items).toEqual([]);
    socket.destroy();
  });

  it('keeps its place while its method works, though its sender has gone', async () => {
    const clock = new TestClock();
    await start(clock);
    const gone = await holdAll();
    for (const { socket, ends } of gone) {
      socket.destroy();
      await ends;
    }
    const late = await open();
    late.socket.write(`${head('small', 'Content-Length: 2')}{}`);
    await answeredInTime(late, clock, 'the late one is told to come again');
    expect(late.told()).toMatch(/^HTTP\/1\.1 503 /);
    for (const resolve of thinking.splice(0)) resolve();
    expect((await deliver(app, 'small', {})).status).toBe(200);
    late.socket.destroy();
  });

  it('is not kept out by those that send slowly: the oldest is told that it was too slow', async () => {
    const clock = new TestClock();
    await start(clock);
    const slow = await Promise.all(Array.from({ length: 64 }, open));
    for (const { socket } of slow) socket.write(`${head('small', 'Content-Length: 7')}{"a":`);
    const quick = await open();
    quick.socket.write(`${head('small', 'Content-Length: 2')}{}`);
    await answeredInTime(quick, clock, 'the quick one is answered');
    expect(quick.told()).toMatch(/^HTTP\/1\.1 200 /);
    const gone = slow.filter(({ told }) => told() !== '');
    expect(gone.map(({ told }) => told().slice(0, 12))).toEqual(['HTTP/1.1 408']);
    for (const { socket } of [...slow, quick]) socket.destroy();
  });

  it('with a path that encodes nothing is unknown or bad, never an error of ours', async () => {
    await start();
    for (const path of ['%', '%ff', 'signed%', 'a//b', '../signed', 'a/b/c/d/e/f/g/h/i']) {
      const status = Number(/^HTTP\/1\.1 (\d+)/.exec(await answerTo(`${head(path, 'Content-Length: 2')}{}`))?.[1]);
      expect([400, 404]).toContain(status);
    }
  });
});
