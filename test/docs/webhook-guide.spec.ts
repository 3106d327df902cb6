// The code of docs/guides/webhook-triggers.md, run.
import { createHmac } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Task, TriggerResult, TriggersModule, WebhookTrigger, Workflow, github, hmac } from 'nestjs-triggers';
import type { TaskContext, WebhookEvent } from 'nestjs-triggers';
import { z } from 'zod';

// #region first
interface Push {
  ref: string;
  after: string;
}

@Workflow({ name: 'deploy' })
class Deploy {
  @Task()
  roll(context: TaskContext<{ commit: string }>) {
    return { deployed: context.data.commit };
  }
}

@Injectable()
class RepositoryWebhooks {
  @WebhookTrigger({
    workflow: Deploy,
    path: 'github',
    verify: github({ secret: () => process.env['GITHUB_WEBHOOK_SECRET'] ?? '' }),
  })
  pushed({ payload }: WebhookEvent<Push>) {
    if (payload.ref !== 'refs/heads/main') return TriggerResult.skip('another branch');
    return { commit: payload.after };
  }
}
// #endregion

// #region schema
const Paid = z.object({ id: z.string(), commit: z.string() });

@Injectable()
class Shops {
  secretOf(shop: string): string | undefined {
    return shop === '7' ? 'the-secret-of-shop-7' : undefined;
  }
}

@Injectable()
class ShopWebhooks {
  @WebhookTrigger({
    workflow: Deploy,
    path: 'shops/:shop/paid',
    verify: hmac({ header: 'x-signature', secret: (ref, { shop = '' }) => ref.get(Shops).secretOf(shop) }),
    schema: Paid,
    dedupKey: (payment, { params }) => `${params['shop']}/${payment.id}`,
  })
  paid(): void {}
}
// #endregion

// #region module
@Module({
  imports: [TriggersModule.forRoot({ webhooks: { prefix: 'hooks' } })],
  providers: [Deploy, RepositoryWebhooks, Shops, ShopWebhooks],
})
class AppModule {}
// #endregion

describe('the webhooks of the guide', () => {
  const { GITHUB_WEBHOOK_SECRET } = process.env;
  beforeAll(() => (process.env['GITHUB_WEBHOOK_SECRET'] = 'the-secret-of-github'));
  afterAll(() => {
    if (GITHUB_WEBHOOK_SECRET === undefined) delete process.env['GITHUB_WEBHOOK_SECRET'];
    else process.env['GITHUB_WEBHOOK_SECRET'] = GITHUB_WEBHOOK_SECRET;
  });

  it('answer as it says', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'nestjs-triggers-guide-'));
    const before = process.cwd();
    process.chdir(folder);
    const app = await NestFactory.create(AppModule, { logger: false, abortOnError: false });
    await app.listen(0, '127.0.0.1');
    const url = await app.getUrl();
    const send = async (path: string, payload: object, header: string, signature: (body: string) => string) => {
      const body = JSON.stringify(payload);
      const headers = { 'content-type': 'application/json', [header]: signature(body) };
      const response = await fetch(`${url}/hooks/${path}`, { method: 'POST', headers, body });
      return { status: response.status, body: (await response.json()) as Record<string, unknown> };
    };
    const hex = (secret: string) => (body: string) => createHmac('sha256', secret).update(body).digest('hex');
    const push = (ref: string, secret = 'the-secret-of-github') =>
      send('github', { ref, after: 'c0ffee' }, 'x-hub-signature-256', (body) => `sha256=${hex(secret)(body)}`);
    const pay = (payment: object, secret = 'the-secret-of-shop-7') =>
      send('shops/7/paid', payment, 'x-signature', hex(secret));
    try {
      expect(await push('refs/heads/main')).toMatchObject({ status: 200, body: { status: 'accepted' } });
      expect(await push('refs/heads/main')).toMatchObject({ status: 200, body: { status: 'duplicate' } });
      expect(await push('refs/heads/x')).toMatchObject({
        status: 200,
        body: { status: 'skipped', reason: 'another branch' },
      });
      expect(await push('refs/heads/main', 'guessed')).toMatchObject({ status: 401 });
      expect(await pay({ id: 'p1', commit: 'c1' })).toMatchObject({ status: 200, body: { dedupKey: '7/p1' } });
      expect(await pay({ id: 'p2' })).toMatchObject({ status: 202, body: { status: 'kept' } });
      expect(await pay({ id: 'p3', commit: 'c3' }, 'guessed')).toMatchObject({ status: 401 });
    } finally {
      await app.close();
      process.chdir(before);
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
