import { ValidationPipe } from '@nestjs/common';
import type { PipeTransform, Type } from '@nestjs/common';
import type { ValidationError } from 'class-validator';
import { TriggersError } from '../../model/errors.js';
import { isPlainObject } from '../../model/json.js';

/** A body or query after {@link checked}. Imported as a type: no pipe of the application recognises a class in it. */
export type Given<T> = Readonly<T>;

/** A body or query class. What stands in its `payloads` reaches the program untouched: not copied, not searched. */
export type CheckedClass<T> = Type<T> & { readonly payloads?: readonly string[] };

/**
 * Checks a body or query against a class with our own rules, whatever the application's global pipes do: unknown fields
 * are refused, and every wrong field is named.
 *
 * @throws TRG_API_BAD_REQUEST with `details.fields`
 */
export function checked<T extends object>(target: CheckedClass<T>): PipeTransform<unknown, Promise<Given<T>>> {
  const pipe = new ValidationPipe({
    expectedType: target,
    transform: true,
    whitelist: true,
    forbidNonWhitelisted: true,
    validationError: { target: false, value: false },
    exceptionFactory: (errors) => badFields(errors.flatMap((error) => fieldsOf(error))),
  });
  return {
    transform: async (value) => {
      const { plain, payloads } = setAside(value, target.payloads ?? []);
      return Object.assign((await pipe.transform(plain, { type: 'body', metatype: target })) as T, payloads);
    },
  };
}

/** The error of a request with wrong fields. */
export function badFields(
  fields: readonly { readonly field: string; readonly problems: readonly string[] }[],
): TriggersError {
  const message = fields.map(({ problems }) => problems.join(', ')).join('; ');
  return new TriggersError('TRG_API_BAD_REQUEST', `The request is wrong: ${message}.`, { details: { fields } });
}

/** class-transformer copies what it is given level by level; a payload may have any depth and any keys. */
function setAside(value: unknown, names: readonly string[]): { readonly plain: unknown; readonly payloads: object } {
  if (!isPlainObject(value)) return { plain: value ?? {}, payloads: {} };
  const given = names.filter((name) => Object.hasOwn(value, name));
  const stand = given.map((name) => [name, isPlainObject(value[name]) ? {} : standIn(value[name])]);
  return {
    plain: { ...value, ...(Object.fromEntries(stand) as object) },
    payloads: Object.fromEntries(given.map((name) => [name, value[name]])),
  };
}

function standIn(value: unknown): unknown {
  return Array.isArray(value) ? [] : value;
}

function fieldsOf(error: ValidationError, parent = ''): { field: string; problems: string[] }[] {
  const field = parent === '' ? error.property : `${parent}.${error.property}`;
  const own = error.constraints === undefined ? [] : [{ field, problems: Object.values(error.constraints) }];
  return [...own, ...(error.children ?? []).flatMap((child) => fieldsOf(child, field))];
}
