import { applyDecorators } from '@nestjs/common';
import { Type } from 'class-transformer';
import { IsDate, IsOptional, IsString } from 'class-validator';

/** A text, or nothing. */
export const OptionalText = (): PropertyDecorator => applyDecorators(IsOptional(), IsString());

/** An instant, ISO 8601, or nothing. */
export const OptionalInstant = (): PropertyDecorator =>
  applyDecorators(
    IsOptional(),
    Type(() => Date),
    IsDate(),
  );
