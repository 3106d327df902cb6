import { All, Delete, Injectable, Patch, Post, Put, Req } from '@nestjs/common';
import { TriggersError } from '../../model/errors.js';
import { Needs } from '../access/route-access.js';
import type { AdminRequest } from '../http/exchange.js';

/** Paths of two to six segments. Express and Fastify have no wildcard that both understand. */
const DEEPER = [':a/:b', ':a/:b/:c', ':a/:b/:c/:d', ':a/:b/:c/:d/:e', ':a/:b/:c/:d/:e/:f'];

/** Everything that no other controller answers, so that a wrong path or method gets the same envelope. */
@Injectable()
export class UnknownPathController {
  @All(DEEPER)
  @Needs('viewer')
  deeper(@Req() request: AdminRequest): never {
    throw nothingAt(request);
  }

  @Post(['', ':name'])
  @Needs('viewer')
  post(@Req() request: AdminRequest): never {
    throw nothingAt(request);
  }

  @Put(['', ':name'])
  @Needs('viewer')
  put(@Req() request: AdminRequest): never {
    throw nothingAt(request);
  }

  @Patch()
  @Needs('viewer')
  patch(@Req() request: AdminRequest): never {
    throw nothingAt(request);
  }

  @Delete()
  @Needs('viewer')
  delete(@Req() request: AdminRequest): never {
    throw nothingAt(request);
  }
}

function nothingAt({ method, url }: AdminRequest): TriggersError {
  const path = url.split('?', 1)[0] ?? '';
  return new TriggersError(
    'TRG_API_NOT_FOUND',
    `There is nothing at ${method} ${path}. Look for a typing error in path or method.`,
  );
}
