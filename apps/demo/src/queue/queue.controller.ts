import { Body, Controller, Get, HttpCode, Post, ValidationPipe } from '@nestjs/common';
import { IsInt, Max, Min } from 'class-validator';
import { QueueService } from './queue.service.js';

class AddJobsBody {
  @IsInt()
  @Min(1)
  @Max(10_000)
  readonly n!: number;
}

interface QueueView {
  readonly depth: number;
  readonly handled: number;
}

/** `POST /queue { "n": 150 }` fills the queue, `GET /queue` looks at it. */
@Controller('queue')
export class QueueController {
  constructor(private readonly queue: QueueService) {}

  @Get()
  look(): QueueView {
    const { depth, handled } = this.queue;
    return { depth, handled };
  }

  @Post()
  @HttpCode(202)
  add(@Body(new ValidationPipe()) { n }: AddJobsBody): QueueView {
    this.queue.add(n);
    return this.look();
  }
}
