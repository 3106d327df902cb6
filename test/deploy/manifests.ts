import { readFileSync, readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { parse, parseAllDocuments } from 'yaml';

const DEPLOY = resolve(import.meta.dirname, '../../deploy');

/** A Kubernetes object, and the file it stands in. */
export interface Manifest {
  readonly file: string;
  readonly kind: string;
  readonly name: string;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- judged by the schemas; the tests look into it as it is
  readonly object: any;
}

/** A file of deploy/. */
export function read(file: string): string {
  return readFileSync(resolve(DEPLOY, file), 'utf8');
}

/** The Compose file, its anchors and merges resolved. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- as above
export function compose(): any {
  return parse(read('compose.yaml'), { merge: true });
}

/** Every object of deploy/kubernetes. @throws Error for what is no YAML, a key that stands twice included */
export function manifests(): Manifest[] {
  const files = readdirSync(resolve(DEPLOY, 'kubernetes')).filter((name) => name.endsWith('.yaml'));
  return files.flatMap((name) => {
    const file = `kubernetes/${name}`;
    return parseAllDocuments(read(file)).map((document) => {
      for (const error of document.errors) throw error;
      const object = document.toJS();
      return { file, kind: object.kind, name: object.metadata.name, object };
    });
  });
}
