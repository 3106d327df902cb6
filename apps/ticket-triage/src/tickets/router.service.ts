import { Injectable } from '@nestjs/common';
import type { Category, Classification, Route } from './ticket.js';

const TEAMS: Readonly<Record<Category, string>> = {
  billing: 'billing',
  outage: 'operations',
  account: 'accounts',
  question: 'support',
};

/** Who gets what. The model says what a ticket is; what follows from that is decided here, by rules that people can read. */
@Injectable()
export class RouterService {
  route({ category, urgency }: Classification): Route {
    return { team: TEAMS[category], page: category === 'outage' && urgency === 'high' };
  }
}
