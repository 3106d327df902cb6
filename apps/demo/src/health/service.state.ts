import { Injectable } from '@nestjs/common';

/** The service that is watched: a switch, in place of something real. */
@Injectable()
export class ServiceState {
  healthy = true;
}
