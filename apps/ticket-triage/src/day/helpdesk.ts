import { OncePerKey } from 'play';

/** Something that the helpdesk was told. */
export interface Message {
  readonly key: string;
  /** `teams/billing`, `alerts`, `reports` */
  readonly channel: string;
  readonly ticketId?: string;
  readonly page?: boolean;
  /** Of alerts: the execution or the firing. */
  readonly about?: string;
  readonly text?: string;
}

/** Takes what teams, on-call and reports are told, once for each key. */
export class Helpdesk extends OncePerKey<Message> {
  constructor() {
    super({
      keep: (message, { key, path }) => ({ ...(message as Omit<Message, 'key' | 'channel'>), key, channel: path }),
    });
  }
}
