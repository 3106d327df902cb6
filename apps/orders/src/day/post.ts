import { OncePerKey } from 'play';

/** Something that somebody was told. */
export interface Mail {
  readonly to: string;
  readonly about: string;
  readonly text: string;
  readonly executionId: string;
}

/** Takes mail, once for each key. */
export class Post extends OncePerKey<Mail> {
  constructor() {
    super({ keep: (mail) => mail as Mail });
  }
}
