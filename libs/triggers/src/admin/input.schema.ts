import type { TriggerDefinition } from '../intake/trigger.definition.js';
import { isManual } from '../sources/manual/manual-trigger.definition.js';

/**
 * JSON Schema (draft 2020-12 where the validation library can write that) of what may be fired by hand: what a manual
 * trigger declares itself, else what all of its workflows take. `null` where nobody knows.
 */
export function inputSchemaOf(definition: TriggerDefinition): object | null {
  if (isManual(definition) && definition.input !== null) return definition.input.jsonSchema();
  const schemas = definition.workflows.flatMap(({ input }) => input?.jsonSchema() ?? []);
  return schemas.length > 1 ? allOf(schemas) : (schemas[0] ?? null);
}

/** Each schema becomes a resource of its own, so that its `#/$defs/…` still points into itself. */
function allOf(schemas: readonly object[]): object {
  const parts = schemas.map((schema, index) => ({ $id: `urn:input:${index}`, ...schema }));
  return { $schema: 'https://json-schema.org/draft/2020-12/schema', allOf: parts };
}
