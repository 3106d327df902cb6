import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { until } from '../../../test/support/until.js';
import { AppModule } from '../src/app.module.js';
import { AdminClient } from '../src/day/admin.client.js';
import { Helpdesk } from '../src/day/helpdesk.js';
import { TicketSystem } from '../src/day/ticket-system.js';
import { payloadOf } from '../src/day/tickets.js';
import { ModelStub } from '../src/model/model.stub.js';
import { readSettings } from '../src/settings.js';

const SECRET = `whsec_${Buffer.from('a secret of the tests').toString('base64')}`;
const TOKEN = 'a-token-of-the-tests';

let model: ModelStub;
let helpdesk: Helpdesk;
let app: INestApplication;
let ticketSystem: TicketSystem;
let admin: AdminClient;
let folder: string;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ticket-triage-e2e-'));
  model = await ModelStub.open({ latencyMs: 0 });
  helpdesk = await new Helpdesk().listen();
  const env = {
    DATA_DIR: folder,
    TRIGGERS_ADMIN_TOKEN: TOKEN,
    WEBHOOK_SECRET: SECRET,
    OPENAI_BASE_URL: model.baseUrl,
    HELPDESK_URL: helpdesk.url,
  };
  app = await NestFactory.create(AppModule.with(readSettings(env, folder)), { logger: false, abortOnError: false });
  await app.listen(0, '127.0.0.1');
  const url = await app.getUrl();
  ticketSystem = new TicketSystem(() => url, SECRET);
  admin = new AdminClient(() => url, TOKEN);
});
afterEach(async () => {
  await model.close(); // whoever waits for it goes on
  await app.close();
  await helpdesk.close();
  rmSync(folder, { recursive: true });
});

const event = (number: number) => ticketSystem.event(payloadOf({ number, subject: 'Charged twice' }));

it('acknowledges a ticket while the model says nothing at all', async () => {
  model.troubles = ['silent'];

  const [answer] = await ticketSystem.deliver(event(1));
  expect(answer).toMatchObject({ status: 200, verdict: 'accepted', executionIds: [expect.any(String)] });
  await until(() => model.thinking === 1, 'the model is asked');
  expect(model.calls).toEqual([]);
  expect(await admin.execution(String(answer?.executionIds[0]))).toMatchObject({ state: 'running' });
});

it('starts one execution of fifty copies that arrive at one instant', async () => {
  const copies = event(2);
  const answers = (await Promise.all(Array.from({ length: 50 }, () => ticketSystem.deliver(copies)))).flat();

  expect(answers.filter(({ verdict }) => verdict === 'accepted')).toHaveLength(1);
  expect(answers.filter(({ verdict }) => verdict === 'duplicate')).toHaveLength(49);
  expect(new Set(answers.map(({ firingId }) => firingId)).size).toBe(1);
  await until(() => helpdesk.taken.length === 1, 'the team is told');
  expect(model.calls.map(({ outcome }) => outcome)).toEqual(['answered']);
});

it('takes a sender who mends an event of its own for the answer to what was kept', async () => {
  const good = event(3);
  const [kept] = await ticketSystem.deliver({ ...good, payload: { ...good.payload, customer_email: 'nobody' } });
  const [mended] = await ticketSystem.deliver(good);
  expect([kept?.verdict, mended?.verdict]).toEqual(['kept', 'accepted']);

  const replayed = await admin.replay(String(kept?.firingId), good.payload, 'too late');
  expect(replayed).toMatchObject({ verdict: 'duplicate', firingId: mended?.firingId });
  await until(() => helpdesk.taken.some(({ ticketId }) => ticketId === 'TKT-3'), 'the team is told');
});

it('gives up at once when the endpoint does not know the key, and tells who is on call', async () => {
  model.troubles = ['refused'];
  await ticketSystem.deliver(event(4));
  await until(() => helpdesk.taken.length === 1, 'an alert');

  expect(helpdesk.taken).toMatchObject([{ text: expect.stringContaining('The model answered 401') }]);
  expect(model.calls.map(({ outcome }) => outcome)).toEqual(['refused']);
});
