import { Task, Workflow } from 'nestjs-triggers';
import type { TaskContext } from 'nestjs-triggers';
import { MailService } from '../mail/mail.service.js';
import { Addressee } from './addressee.js';

/** Says goodbye. */
@Workflow({ name: 'farewell', input: Addressee })
export class Farewell {
  constructor(private readonly mail: MailService) {}

  @Task({ timeout: '30s' })
  async goodbye(context: TaskContext<Addressee>) {
    const { name, email } = context.data;
    await this.mail.send({ to: email, about: 'goodbye', text: `Dear ${name}, thank you for the years.` }, context);
  }
}
