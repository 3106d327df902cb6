import { Body, Controller, Get, HttpCode, Post, ServiceUnavailableException, ValidationPipe } from '@nestjs/common';
import { IsBoolean } from 'class-validator';
import { ServiceState } from './service.state.js';

class HealthBody {
  @IsBoolean()
  readonly healthy!: boolean;
}

/** `GET /service/health` answers 200 or 503; `POST /service/health { "healthy": false }` breaks the service. */
@Controller('service/health')
export class ServiceController {
  constructor(private readonly service: ServiceState) {}

  @Get()
  check(): HealthBody {
    if (!this.service.healthy) throw new ServiceUnavailableException({ healthy: false });
    return { healthy: true };
  }

  @Post()
  @HttpCode(200)
  set(@Body(new ValidationPipe()) { healthy }: HealthBody): HealthBody {
    this.service.healthy = healthy;
    return { healthy };
  }
}
