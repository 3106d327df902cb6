import { Controller, Inject, Injectable, Module, Scope } from '@nestjs/common';
import type { ModuleMetadata } from '@nestjs/common';
import { DiscoveryModule, REQUEST } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import type { TestingModule } from '@nestjs/testing';
import type { DiscoveredClass } from './discovered-class.js';
import { addMethodMetadata, metadataKey } from './metadata.js';
import { ProviderExplorer } from './provider.explorer.js';
import type { TriggersRequest } from './provider-invokers.js';

const KEY = metadataKey<string>('explorer-test');

function Mark(value = 'x') {
  return (target: object, method: string): void => addMethodMetadata(KEY, target, method, value);
}

@Injectable()
class Plain {
  constructor() {
    Plain.made += 1;
  }

  static made = 0;
  readonly own = 'instance';

  get explosive(): never {
    throw new Error('a getter was run');
  }

  @Mark()
  second(suffix: string): string {
    return `${this.own}${suffix}`;
  }

  @Mark()
  first(): never {
    throw new Error('at once');
  }

  undecorated(): void {}
}

@Injectable()
class Inheriting extends Plain {
  @Mark()
  own2(): void {}
}

@Injectable({ scope: Scope.REQUEST })
class PerRequest {
  constructor(@Inject(REQUEST) private readonly request: TriggersRequest) {}

  @Mark()
  run(): { request: TriggersRequest; instance: object } {
    return { request: this.request, instance: this };
  }
}

@Injectable()
class BehindRequest {
  constructor(private readonly inner: PerRequest) {}

  @Mark()
  run(): object {
    return this.inner.run().instance;
  }
}

@Injectable({ scope: Scope.TRANSIENT })
class Transient {
  readonly dependencies = 'made';

  @Mark()
  run(): Transient {
    return this;
  }
}

@Controller()
class Routes {
  @Mark()
  route(): string {
    return 'routed';
  }
}

let app: TestingModule | undefined;

async function explorerOf(metadata: ModuleMetadata): Promise<ProviderExplorer> {
  const imports = [DiscoveryModule, ...(metadata.imports ?? [])];
  const providers = [ProviderExplorer, ...(metadata.providers ?? [])];
  app = await Test.createTestingModule({ ...metadata, imports, providers }).compile();
  await app.init();
  return app.get(ProviderExplorer);
}

function decorated(explorer: ProviderExplorer): readonly DiscoveredClass[] {
  return explorer.all().filter((found) => found.methods(KEY).length > 0);
}

async function invoke(
  explorer: ProviderExplorer,
  token: abstract new (...args: never[]) => object,
  ...args: unknown[]
) {
  return explorer.find(token)!.invoker('run').invoke(args);
}

describe('ProviderExplorer', () => {
  afterEach(async () => {
    await app?.close();
    app = undefined;
  });

  it('finds the decorated methods of providers and controllers, and runs no getter', async () => {
    const explorer = await explorerOf({ providers: [Plain], controllers: [Routes] });
    expect(decorated(explorer).map(({ name }) => name)).toEqual(['Plain', 'Routes']);
    expect(
      decorated(explorer)[0]!
        .methods(KEY)
        .map(({ name }) => name),
    ).toEqual(['second', 'first']);
    await expect(explorer.find(Routes)!.invoker('route').invoke([])).resolves.toBe('routed');
  });

  it('finds inherited methods after own ones', async () => {
    const explorer = await explorerOf({ providers: [Inheriting] });
    const methods = explorer.find(Inheriting)!.methods(KEY);
    expect(methods.map(({ name }) => name)).toEqual(['own2', 'second', 'first']);
  });

  it('calls the instance of the application, and rejects what a method throws at once', async () => {
    const explorer = await explorerOf({ providers: [Plain] });
    const invoker = explorer.find(Plain)!.invoker('second');
    expect(invoker.label).toBe('Plain.second');
    await expect(invoker.invoke(['!'])).resolves.toBe('instance!');
    await expect(explorer.find(Plain)!.invoker('first').invoke([])).rejects.toThrow('at once');
  });

  it('tells which methods a class has, without those that are getters', async () => {
    const found = (await explorerOf({ providers: [Plain] })).find(Plain)!;
    expect(['second', 'undecorated', 'explosive', 'missing'].map((name) => found.hasMethod(name))).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });

  it('counts a class of several modules once', async () => {
    @Module({ providers: [Plain] })
    class First {}
    @Module({ providers: [Plain] })
    class Second {}
    const explorer = await explorerOf({ imports: [First, Second] });
    expect(decorated(explorer)).toHaveLength(1);
  });

  it('finds the class behind useClass, useFactory, useValue and useExisting, once', async () => {
    const explorer = await explorerOf({
      providers: [
        { provide: 'class', useClass: Plain },
        { provide: 'factory', useFactory: async () => new Plain() },
        { provide: 'value', useValue: new Plain() },
        { provide: 'alias', useExisting: 'class' },
      ],
    });
    expect(decorated(explorer).map(({ name }) => name)).toEqual(['Plain']);
    for (const token of ['class', 'factory', 'value', 'alias']) expect(explorer.find(token)?.target).toBe(Plain);
  });

  it('takes a plain object in place of a class for that class', async () => {
    const explorer = await explorerOf({ providers: [{ provide: Plain, useValue: { second: () => 'double' } }] });
    expect(decorated(explorer).map(({ target }) => target)).toEqual([Plain]);
    await expect(explorer.find(Plain)!.invoker('second').invoke([])).resolves.toBe('double');
  });

  it('passes over whatever is no instance of a class', async () => {
    const values = [null, undefined, 0, 'text', () => 1, Plain, Object.create(null), [], new Map(), Symbol('s')];
    const odd = values.map((useValue: unknown, index) => ({ provide: `odd${index}`, useValue }));
    const explorer = await explorerOf({ providers: [...odd, { provide: Plain, useValue: null }] });
    expect(decorated(explorer)).toEqual([]);
  });

  it('makes an instance per call of a request-scoped provider, which is given the call as its request', async () => {
    const explorer = await explorerOf({ providers: [PerRequest] });
    const calls = await Promise.all([invoke(explorer, PerRequest, 1), invoke(explorer, PerRequest, 2)]);
    const [one, two] = calls as { request: TriggersRequest; instance: object }[];
    expect(one!.request).toEqual({ label: 'PerRequest.run', args: [1] });
    expect(two!.request.args).toEqual([2]);
    expect(one!.instance).not.toBe(two!.instance);
  });

  it('makes an instance per call of a provider that depends on a request-scoped one', async () => {
    const explorer = await explorerOf({ providers: [PerRequest, BehindRequest] });
    expect(await invoke(explorer, BehindRequest)).not.toBe(await invoke(explorer, BehindRequest));
  });

  it('makes an instance per call of a transient provider, with its constructor run', async () => {
    const explorer = await explorerOf({ providers: [Transient] });
    const [one, two] = [await invoke(explorer, Transient), await invoke(explorer, Transient)] as Transient[];
    expect(one!.dependencies).toBe('made');
    expect(one).not.toBe(two);
  });

  it('makes the instance in the module of the class when two modules use one token', async () => {
    @Injectable({ scope: Scope.REQUEST })
    class Other {
      @Mark()
      run(): string {
        return 'other';
      }
    }
    @Module({ providers: [{ provide: 'handler', useClass: PerRequest }] })
    class First {}
    @Module({ providers: [{ provide: 'handler', useClass: Other }] })
    class Second {}
    const explorer = await explorerOf({ imports: [First, Second] });
    await expect(invoke(explorer, Other)).resolves.toBe('other');
    await expect(invoke(explorer, PerRequest)).resolves.toMatchObject({ request: { label: 'PerRequest.run' } });
  });

  it('finds provided values, alone or in a list, each once, and none that is made per call', async () => {
    const [one, two, three] = [{ mark: 1 }, { mark: 2 }, { mark: 3 }];
    const isMarked = (value: unknown): value is { mark: number } =>
      typeof value === 'object' && value !== null && 'mark' in value;
    @Module({ providers: [{ provide: 'again', useValue: one }] })
    class Other {}
    const explorer = await explorerOf({
      imports: [Other],
      providers: [
        { provide: 'value', useValue: one },
        { provide: 'list', useFactory: async () => [two, 'text', three] },
        { provide: 'alias', useExisting: 'value' },
        { provide: 'call', scope: Scope.TRANSIENT, useFactory: () => ({ mark: 4 }) },
        { provide: 'none', useValue: null },
        Plain,
      ],
    });
    expect([...explorer.values(isMarked)].sort((a, b) => a.mark - b.mark)).toEqual([one, two, three]);
  });

  it('makes no instance of its own while it explores', async () => {
    const explorer = await explorerOf({ providers: [Plain] });
    const before = Plain.made;
    explorer.all();
    expect(Plain.made).toBe(before);
  });
});
