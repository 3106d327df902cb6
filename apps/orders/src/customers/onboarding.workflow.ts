import { Task, Workflow } from 'nestjs-triggers';
import type { TaskContext } from 'nestjs-triggers';
import { MailService } from '../mail/mail.service.js';
import { Addressee } from './addressee.js';

const MANAGERS = ['Grace', 'Linus', 'Margaret'] as const;

/** Gives a new customer somebody to talk to, and says welcome. */
@Workflow({ name: 'onboarding', description: 'assign → welcome', input: Addressee })
export class Onboarding {
  constructor(private readonly mail: MailService) {}

  @Task()
  assign({ data }: TaskContext<Addressee>) {
    return { manager: MANAGERS[data.customerId % MANAGERS.length] ?? MANAGERS[0] };
  }

  @Task({ dependencies: ['assign'], timeout: '30s' })
  async welcome(context: TaskContext<Addressee & { readonly manager: string }>) {
    const { name, email, manager } = context.data;
    const text = `Dear ${name}, ask ${manager} whatever you like.`;
    await this.mail.send({ to: email, about: 'welcome', text }, context);
  }
}
