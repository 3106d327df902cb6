import type { Provider } from '@nestjs/common';
import { RawBodies } from './raw-bodies.service.js';

/** What everybody shares who answers HTTP. */
export const HTTP_PROVIDERS: readonly Provider[] = [RawBodies];
