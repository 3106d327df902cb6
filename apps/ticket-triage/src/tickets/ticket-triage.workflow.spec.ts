import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TriggersTestKit } from 'nestjs-triggers/testing';
import { AlertsService } from '../alerts/alerts.service.js';
import { ClassifierClient } from '../model/classifier.client.js';
import { ModelStub } from '../model/model.stub.js';
import { SETTINGS, readSettings } from '../settings.js';
import { NotifierService } from './notifier.service.js';
import { RouterService } from './router.service.js';
import type { Ticket } from './ticket.js';
import { TicketRepository } from './ticket.repository.js';
import { TicketTriage } from './ticket-triage.workflow.js';

const TICKET: Ticket = {
  ticketId: 'TKT-1',
  customer: 'ada@example.com',
  subject: 'Charged twice',
  text: 'Two payments for one invoice.',
};

class Recorder {
  readonly sent: { readonly channel: string; readonly message: object; readonly key: string }[] = [];

  async send(channel: string, message: object, { idempotencyKey }: { readonly idempotencyKey: string }): Promise<void> {
    this.sent.push({ channel, message, key: idempotencyKey });
  }
}

describe('the triage of a ticket', () => {
  let stub: ModelStub;
  let kit: TriggersTestKit;
  let recorder: Recorder;
  let dataDir: string;
  beforeEach(async () => {
    stub = await ModelStub.open({ latencyMs: 0, retryAfterSeconds: 40 });
    dataDir = mkdtempSync(join(tmpdir(), 'ticket-triage-'));
    recorder = new Recorder();
    const env = { DATA_DIR: dataDir, OPENAI_BASE_URL: stub.baseUrl, TRIGGERS_ADMIN_TOKEN: 't', WEBHOOK_SECRET: 's' };
    kit = await TriggersTestKit.create({
      providers: [
        { provide: SETTINGS, useValue: readSettings(env, dataDir) },
        { provide: NotifierService, useValue: recorder },
        ...[TicketTriage, ClassifierClient, RouterService, TicketRepository, AlertsService],
      ],
    });
  });
  afterEach(async () => {
    await kit.close();
    await stub.close();
    rmSync(dataDir, { recursive: true });
  });

  const outcomes = () => stub.calls.map(({ outcome }) => outcome);

  it('classifies, routes and notifies', async () => {
    const { state, context } = await kit.runner.execute(TicketTriage, TICKET);

    expect({ state, route: context['route'] }).toEqual({ state: 'completed', route: { team: 'billing', page: false } });
    expect(recorder.sent).toEqual([
      {
        channel: 'teams/billing',
        message: expect.objectContaining({ ticketId: 'TKT-1', category: 'billing', urgency: 'normal' }),
        key: expect.any(String),
      },
    ]);
    const stored = kit.get(TicketRepository).list({ from: new Date(0), to: new Date('2100-01-01') });
    expect(stored).toMatchObject([{ ticketId: 'TKT-1', team: 'billing' }]);
  });

  it('asks again under the same key when the model has failed', async () => {
    stub.troubles = ['broken'];
    const id = await kit.runner.start(TicketTriage, TICKET);
    await kit.drain();
    expect(outcomes()).toEqual(['broken']);

    await kit.clock.advance(5_000);
    expect(await kit.result(id)).toMatchObject({ state: 'completed' });
    expect(outcomes()).toEqual(['broken', 'answered']);
    expect(new Set(stub.calls.map(({ idempotencyKey }) => idempotencyKey)).size).toBe(1);
  });

  it('comes back when a limited model says so, not before', async () => {
    stub.troubles = ['limited'];
    const id = await kit.runner.start(TicketTriage, TICKET);
    await kit.drain();
    await kit.clock.advance(39_000);
    await kit.drain();
    expect(outcomes()).toEqual(['limited']);

    await kit.clock.advance(1_000);
    expect(await kit.result(id)).toMatchObject({ state: 'completed' });
    expect(outcomes()).toEqual(['limited', 'answered']);
  });

  it('tells who is on call when the model stays broken', async () => {
    stub.isDown = true;
    const id = await kit.runner.start(TicketTriage, TICKET);
    for (let attempt = 1; attempt <= 4; attempt += 1) {
      await kit.drain();
      await kit.clock.advance(120_000);
    }

    expect(await kit.result(id)).toMatchObject({ state: 'failed' });
    expect(recorder.sent).toEqual([
      {
        channel: 'alerts',
        message: { about: id, text: expect.stringContaining('ticket_triage failed: The model answered 500') },
        key: `failed:${id}`,
      },
    ]);
  });
});
