import ts from 'typescript';
import { read } from './markdown.js';

/** One field of a type, as the source declares it. */
export interface Field {
  readonly name: string;
  /** The fields of an object type that is written where the field is. */
  readonly fields: readonly Field[];
}

/** The source of a file of the library, parsed; types are not looked up. */
class SourceTypes {
  readonly #file: ts.SourceFile;

  constructor(path: string) {
    this.#file = ts.createSourceFile(path, read(path), ts.ScriptTarget.Latest, true);
  }

  fields(name: string): Field[] {
    for (const statement of this.#file.statements) {
      if (ts.isInterfaceDeclaration(statement) && statement.name.text === name) {
        const parents = (statement.heritageClauses ?? []).flatMap(({ types }) =>
          types.map(({ expression }) => expression.getText()),
        );
        return [...parents.flatMap((parent) => this.fields(parent)), ...this.#members(statement.members)];
      }
      if (ts.isTypeAliasDeclaration(statement) && statement.name.text === name) return this.#ofType(statement.type);
    }
    return [];
  }

  /** The texts of a union of literals. */
  literals(name: string): string[] {
    const alias = this.#file.statements.find((one) => ts.isTypeAliasDeclaration(one) && one.name.text === name);
    if (alias === undefined || !ts.isTypeAliasDeclaration(alias) || !ts.isUnionTypeNode(alias.type)) return [];
    return alias.type.types.map((type) => type.getText().replace(/^'|'$/g, ''));
  }

  #ofType(type: ts.TypeNode): Field[] {
    if (ts.isParenthesizedTypeNode(type)) return this.#ofType(type.type);
    if (ts.isTypeLiteralNode(type)) return this.#members(type.members);
    if (ts.isIntersectionTypeNode(type) || ts.isUnionTypeNode(type))
      return type.types.flatMap((part) => this.#ofType(part));
    return ts.isTypeReferenceNode(type) ? this.fields(type.typeName.getText()) : [];
  }

  #members(members: ts.NodeArray<ts.TypeElement>): Field[] {
    return members.filter(ts.isPropertySignature).map(({ name, type }) => ({
      name: name.getText().replace(/^'|'$/g, ''),
      fields: type === undefined ? [] : this.#ofType(type),
    }));
  }
}

/** The fields of an interface or type of the library, in their order, each once. */
export function fieldsOf(path: string, name: string): Field[] {
  const fields = new SourceTypes(`libs/triggers/src/${path}`).fields(name);
  return [...new Map(fields.map((field) => [field.name, field])).values()];
}

/** The texts of a union of literals of the library, in their order. */
export function literalsOf(path: string, name: string): string[] {
  return new SourceTypes(`libs/triggers/src/${path}`).literals(name);
}
