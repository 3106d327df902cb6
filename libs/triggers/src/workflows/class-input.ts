import { defaultMetadataStorage } from 'class-transformer/cjs/storage.js';
import { plainToInstance } from 'class-transformer';
import { getMetadataStorage, validate } from 'class-validator';
import type { ValidationError } from 'class-validator';
import { targetConstructorToSchema, validationMetadatasToSchemas } from 'class-validator-jsonschema';
import type { AnyClass } from '../discovery/metadata.js';
import type { InputCheck } from './workflow.definition.js';

const DRAFT = 'https://json-schema.org/draft/2020-12/schema';
const REFS = '#/$defs/';

type Constructor = new () => object;

/**
 * The check of an input that is a class. With class-validator decorators the context is turned into an instance and
 * validated, and keys that the class does not know are fine; without any, everything fits. Instances of the class count
 * as plain objects either way.
 */
export function classInputCheck(target: AnyClass): InputCheck {
  if (!isValidated(target)) return { instancesOf: target, jsonSchema: () => null, problems: () => [] };
  return {
    instancesOf: target,
    jsonSchema: () => jsonSchemaOf(target),
    problems: async (context) => {
      const instance = plainToInstance<object, unknown>(target as Constructor, context);
      return flatten(await validate(instance, { whitelist: false, forbidUnknownValues: false }), '');
    },
  };
}

function isValidated(target: AnyClass): boolean {
  return getMetadataStorage().getTargetValidationMetadatas(target, '', true, false).length > 0;
}

function flatten(errors: readonly ValidationError[], parent: string): readonly string[] {
  return errors.flatMap(({ property, constraints, children }) => {
    const path = pathTo(parent, property);
    const own = Object.values(constraints ?? {}).map((problem) => `${path}: ${problem}`);
    return [...own, ...flatten(children ?? [], path)];
  });
}

function pathTo(parent: string, property: string): string {
  if (/^\d+$/.test(property)) return `${parent}[${property}]`;
  return parent === '' ? property : `${parent}.${property}`;
}

/** The schema of the class, with the schemas of the classes that it refers to. */
function jsonSchemaOf(target: AnyClass): object {
  const options = { refPointerPrefix: REFS, classTransformerMetadataStorage: defaultMetadataStorage };
  const schema = targetConstructorToSchema(target, options);
  const all: Readonly<Record<string, object>> = validationMetadatasToSchemas(options);
  const defs = referred(schema, all, {});
  return { $schema: DRAFT, ...schema, ...(Object.keys(defs).length > 0 ? { $defs: defs } : {}) };
}

function referred(schema: object, all: Readonly<Record<string, object>>, found: Record<string, object>): typeof found {
  for (const [, name] of JSON.stringify(schema).matchAll(/"#\/\$defs\/([^"]+)"/g)) {
    const next = name === undefined || Object.hasOwn(found, name) ? undefined : all[name];
    if (next !== undefined) referred(next, all, Object.assign(found, { [name as string]: next }));
  }
  return found;
}
