/** What no schema knows: that the files of deploy/ fit each other, the application that they start, and the library. */
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { DEFAULT_ENGINE_OPTIONS } from '../../libs/triggers/src/engine/engine.options.js';
import { parseDuration } from '../../libs/triggers/src/model/duration.js';
import { NODE_ROLES } from '../../libs/triggers/src/model/node-roles.js';
import { compose, manifests, read } from './manifests.js';
import type { Manifest } from './manifests.js';

const APP = resolve(import.meta.dirname, '../../apps/cluster');
const DRAIN_SECONDS = parseDuration(DEFAULT_ENGINE_OPTIONS.drain, 'drain') / 1_000;
const POOLS = ['default', 'gpu'];

/** A process that one of the files starts. */
interface Started {
  readonly name: string;
  /** What it is told. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly graceSeconds: number;
}

interface EnvVar {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: object;
}

/** Of the Compose file; what is not built here is a server that the application uses. */
interface Service {
  readonly build?: object;
  readonly environment: Record<string, string>;
  readonly stop_grace_period: string;
}

const all = manifests();
const of = (kind: string): Manifest[] => all.filter((manifest) => manifest.kind === kind);
const deployments = of('Deployment');

const inKubernetes: Started[] = deployments.map(({ name, object }) => {
  const { containers, terminationGracePeriodSeconds } = object.spec.template.spec;
  const env = Object.fromEntries(
    containers[0].env.map(({ name, value, valueFrom }: EnvVar) => [name, value ?? JSON.stringify(valueFrom)]),
  );
  const [, seconds = 0] = containers[0].lifecycle?.preStop.exec.command ?? [];
  return { name, env, graceSeconds: terminationGracePeriodSeconds - Number(seconds) };
});

const services = Object.entries<Service>(compose().services);
const inCompose: Started[] = services
  .filter(([, { build }]) => build !== undefined)
  .map(([name, service]) => ({
    name,
    env: service.environment,
    graceSeconds: parseDuration(service.stop_grace_period, name) / 1_000,
  }));

/** The variables that the application reads. */
const settings = readFileSync(resolve(APP, 'src/node/settings.ts'), 'utf8');
const known = [...settings.matchAll(/const \{ ([^}]+) \} = env;/g)].flatMap(([, names = '']) => names.split(', '));

function listsOf(started: readonly Started[], name: string): string[] {
  return [...new Set(started.flatMap(({ env }) => env[name]?.split(',') ?? []))].sort();
}

describe.each([
  { where: 'deploy/compose.yaml', started: inCompose },
  { where: 'deploy/kubernetes', started: inKubernetes },
])('$where', ({ started }) => {
  it('starts processes for every role and every pool', () => {
    expect(listsOf(started, 'ROLES')).toEqual([...NODE_ROLES].sort());
    expect(listsOf(started, 'POOLS')).toEqual(POOLS);
  });

  it.each(started)('tells $name nothing that the application does not read', ({ env }) => {
    expect(Object.keys(env).filter((name) => !known.includes(name))).toEqual([]);
  });

  it.each(['TRIGGERS_DATABASE', 'REDIS_URL'])('gives all of them the same %s', (name) => {
    expect([...new Set(started.map(({ env }) => env[name]))]).toEqual([expect.any(String)]);
  });

  it.each(started)('gives $name the time to drain, and ten seconds more', ({ graceSeconds }) => {
    expect(graceSeconds).toBeGreaterThanOrEqual(DRAIN_SECONDS + 10);
  });
});

describe('the servers of the Compose file', () => {
  const servers = services.filter(([, { build }]) => build === undefined).map(([name]) => name);

  it('are those that the processes are led to', () => {
    const [{ env }] = inCompose as [Started];
    const hosts = [...JSON.stringify(env).matchAll(/(?:redis:\/\/|@)(\w+):\d+/g)].map(([, host]) => host);
    expect(hosts.sort()).toEqual(servers.sort());
  });

  it.each(servers)('say how %s is, are started first, and keep their data', (name) => {
    const { healthcheck, volumes } = compose().services[name];
    expect([healthcheck.test[0], volumes[0].split(':')[0]]).toEqual(['CMD', name]);
    expect(Object.keys(compose().volumes)).toContain(name);
    for (const { name: node } of inCompose) expect(Object.keys(compose().services[node].depends_on)).toContain(name);
  });
});

describe('the pools', () => {
  it('are those that tasks of the application declare', () => {
    const workflow = readFileSync(resolve(APP, 'src/orders/order-report.workflow.ts'), 'utf8');
    const declared = [...workflow.matchAll(/pool: '(\w+)'/g)].map(([, pool]) => pool);
    expect(['default', ...declared].sort()).toEqual(POOLS);
  });
});

describe('the manifests', () => {
  const pods = [...deployments, ...of('Job')].map(({ name, object }) => ({ name, ...object.spec.template }));

  it.each(deployments)('select the pods of $name and nobody else’s', ({ name, object }) => {
    const { selector, template } = object.spec;
    const matching = pods.filter(({ metadata }) =>
      Object.entries(selector.matchLabels).every(([label, value]) => metadata.labels[label] === value),
    );
    expect([template.metadata.labels, matching.map((pod) => pod.name)]).toEqual([selector.matchLabels, [name]]);
  });

  it('protect every deployment from being drained at once', () => {
    const selectors = (kind: string) => of(kind).map(({ object }) => object.spec.selector.matchLabels);
    expect(selectors('PodDisruptionBudget').map(String)).toEqual(selectors('Deployment').map(String));
    expect(selectors('PodDisruptionBudget')).toEqual(selectors('Deployment'));
  });

  it('lead the service to the pods that serve the API', () => {
    const [service] = of('Service');
    const api = deployments.find(({ name }) => name === 'shop-api')!.object.spec.template;
    expect(api.metadata.labels).toEqual(service!.object.spec.selector);
    expect(api.spec.containers[0].ports.map(({ name }: { name: string }) => name)).toContain(
      service!.object.spec.ports[0].targetPort,
    );
  });

  it.each(pods)('limit what $name takes, and run it as nobody in particular', ({ spec }) => {
    const [{ resources, securityContext }] = spec.containers;
    expect(Object.keys(resources.requests)).toEqual(['cpu', 'memory']);
    expect(resources.limits.memory).toEqual(expect.any(String));
    expect([spec.securityContext.runAsNonRoot, securityContext.readOnlyRootFilesystem]).toEqual([true, true]);
  });

  it('take from the secret what the example has', () => {
    const [secret] = of('Secret');
    const references = JSON.stringify(pods).matchAll(/"secretKeyRef":\{"name":"(\w+)","key":"(\w+)"\}/g);
    const used = new Set([...references].map(([, name, key]) => `${name}/${key}`));
    expect([...used].sort()).toEqual(
      Object.keys(secret!.object.stringData)
        .map((key) => `${secret!.name}/${key}`)
        .sort(),
    );
  });

  it('use one image for everything', () => {
    expect(new Set(pods.map(({ spec }) => spec.containers[0].image)).size).toBe(1);
  });

  it('ask for health where the application answers', () => {
    const controller = readFileSync(resolve(APP, 'src/node/health.controller.ts'), 'utf8');
    const [, path] = /@Controller\('(\w+)'\)/.exec(controller)!;
    const [port] = [/PORT=(\d+)/.exec(read('Dockerfile'))![1]];
    for (const { object } of deployments) {
      const [{ ports, startupProbe, readinessProbe, livenessProbe }] = object.spec.template.spec.containers;
      expect([startupProbe, readinessProbe, livenessProbe].map(({ httpGet }) => httpGet)).toEqual(
        Array(3).fill({ path: `/${path}`, port: 'http' }),
      );
      expect(ports).toEqual([{ name: 'http', containerPort: Number(port) }]);
    }
    expect(JSON.stringify(compose())).toContain(`http://127.0.0.1:${port}/${path}`);
  });
});

describe('the Dockerfile', () => {
  const dockerfile = read('Dockerfile');

  it('starts what the build makes, and so does the migration', () => {
    const [job] = of('Job');
    const commands = [
      JSON.parse(/^CMD (.+)$/m.exec(dockerfile)![1]!) as string[],
      job!.object.spec.template.spec.containers[0].command as string[],
    ];
    for (const [program, file = ''] of commands) {
      expect(program).toBe('node');
      const source = file.replace('apps/cluster/dist/', '').replace(/\.js$/, '.ts');
      expect([file, existsSync(resolve(APP, 'src', source))]).toEqual([file, true]);
    }
  });

  it('copies only what is there', () => {
    const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, sources = '']) =>
      sources.split(' '),
    );
    expect(copied.filter((path) => !existsSync(resolve(APP, '../..', path)))).toEqual([]);
  });

  it('hands the image nothing that its ignore file leaves out', () => {
    const allowed = read('Dockerfile.dockerignore')
      .split('\n')
      .filter((line) => line.startsWith('!'))
      .map((line) => line.slice(1));
    const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, sources = '']) =>
      sources.split(' '),
    );
    expect(copied.filter((path) => !allowed.some((root) => path === root || path.startsWith(`${root}/`)))).toEqual([]);
  });
});
