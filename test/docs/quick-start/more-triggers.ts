// The triggers that README.md adds to its quick start, word by word; test/docs/quick-start.spec.ts runs them.
import { Injectable } from '@nestjs/common';
import { TriggerResult } from 'nestjs-triggers';
// #region readme
import { CronTrigger, WebhookTrigger, hmac } from 'nestjs-triggers';

const verify = hmac({ header: 'x-signature', secret: () => process.env['UPLOADS_SECRET'] ?? '' });

@Injectable()
export class MoreTriggers {
  @WebhookTrigger({ workflow: 'file_processor', path: 'uploads', verify })
  uploaded(): void {}

  @CronTrigger({ workflow: 'file_processor', cron: '0 9 * * *', timeZone: 'Europe/Berlin' })
  everyMorning() {
    return TriggerResult.fire({ filename: 'stock.csv' });
  }
}
// #endregion
