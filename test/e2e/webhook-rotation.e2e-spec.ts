import { Injectable } from '@nestjs/common';
import { WebhookTrigger, hmac } from 'nestjs-triggers';
import { TestClock } from 'nestjs-triggers/testing';
import { boot, cleanUp } from '../support/app.js';
import type { Answer, TestApp } from '../support/app.js';
import { SIGNATURE, deliver, sign } from '../support/webhooks.js';
import { Work } from '../support/work.js';

const OLD = 'the old secret';
const NEW = 'the new secret';
/** Deliveries that are on their way at once. */
const LOAD = 16;
const SECOND = 1_000;

@Injectable()
class Secrets {
  active = [OLD];
  asked = 0;

  read(): readonly string[] {
    this.asked += 1;
    return this.active;
  }
}

@Injectable()
class Webhooks {
  @WebhookTrigger({
    workflow: 'work',
    path: 'rotated',
    verify: hmac({ header: SIGNATURE, secret: (ref) => ref.get(Secrets).read() }),
  })
  rotated(): void {}
}

describe('the secret of a webhook that is replaced', () => {
  let app: TestApp;
  let clock: TestClock;
  let secrets: Secrets;
  let sent: number;

  beforeEach(async () => {
    clock = new TestClock();
    app = await boot({ database: 'sqlite', providers: [Work, Secrets, Webhooks], clock });
    secrets = app.nest.get(Secrets, { strict: false });
    sent = 0;
  });
  afterEach(cleanUp);

  const send = (secret: string): Promise<Answer> => {
    const body = JSON.stringify({ n: (sent += 1) });
    return deliver(app, 'rotated', body, { [SIGNATURE]: sign(body, secret) });
  };
  /** Some time of steady load, with these secrets in turns. All answers. */
  const load = async (seconds: number, ...signedBy: readonly string[]): Promise<number[]> => {
    const statuses: number[] = [];
    for (let passed = 0; passed < seconds; passed += 10) {
      const sending = Array.from({ length: LOAD }, (_, index) => send(signedBy[index % signedBy.length] as string));
      statuses.push(...(await Promise.all(sending)).map(({ status }) => status));
      await clock.advance(10 * SECOND);
    }
    return statuses;
  };
  const all = (status: number, statuses: readonly number[]): void =>
    expect(new Set(statuses)).toEqual(new Set([status]));

  it('is refused nothing that is valid while both are active, and nothing by the retired one is taken, under load', async () => {
    all(200, await load(60, OLD));
    secrets.active = [OLD, NEW];
    all(200, await load(60, OLD));
    all(200, await load(120, OLD, NEW));
    secrets.active = [NEW];
    all(200, await load(70, NEW));
    all(401, await load(60, OLD));
    all(200, await load(20, NEW));
    expect((await app.ended(1)).length).toBeGreaterThan(0);
    // Once at boot, then once a minute, however many deliveries there are.
    expect(secrets.asked).toBeLessThanOrEqual(8);
  }, 60_000);

  it('is known a minute later to the first delivery that it signs, though none came in between', async () => {
    expect((await send(OLD)).status).toBe(200);
    secrets.active = [OLD, NEW];
    await clock.advance(61 * SECOND);
    all(
      200,
      (await Promise.all(Array.from({ length: LOAD }, () => send(NEW)))).map(({ status }) => status),
    );
    expect((await send(OLD)).status).toBe(200);
  });

  it('is not asked for because of forged deliveries more than once a minute', async () => {
    await clock.advance(61 * SECOND);
    for (let minute = 0; minute < 2; minute += 1) {
      const asked = secrets.asked;
      all(
        401,
        (await Promise.all(Array.from({ length: LOAD }, () => send('a guess')))).map(({ status }) => status),
      );
      all(
        401,
        (await Promise.all(Array.from({ length: LOAD }, () => send('a guess')))).map(({ status }) => status),
      );
      expect(secrets.asked - asked).toBe(1);
      await clock.advance(61 * SECOND);
    }
  });
});
