import { hostname } from 'node:os';
import { checkPools, resolveEngineOptions } from './engine.options.js';
import type { EngineOptions } from './engine.options.js';

describe('the options of the engine', () => {
  it('have defaults for everything', () => {
    expect(resolveEngineOptions({})).toEqual({
      concurrency: 20,
      pools: null,
      nodeName: `${hostname()}-${process.pid}`,
      leaseMs: 30_000,
      drainMs: 20_000,
      retention: {
        skipsMs: 86_400_000,
        completedMs: 30 * 86_400_000,
        failedMs: 90 * 86_400_000,
        auditMs: 365 * 86_400_000,
      },
    });
  });

  it('are what they are set to', () => {
    const options: EngineOptions = {
      worker: { concurrency: 3, pools: ['gpu', 'default', 'gpu'] },
      node: { name: 'worker-1', lease: '9s' },
      shutdown: { drain: '1s' },
      retention: { skips: '1h', completed: '2h', failed: 'forever', audit: '3h' },
    };
    expect(resolveEngineOptions(options)).toEqual({
      concurrency: 3,
      pools: ['gpu', 'default'],
      nodeName: 'worker-1',
      leaseMs: 9_000,
      drainMs: 1_000,
      retention: { skipsMs: 3_600_000, completedMs: 7_200_000, failedMs: null, auditMs: 10_800_000 },
    });
  });

  it.each<EngineOptions>([
    { worker: { concurrency: 1 } },
    { worker: { concurrency: 10_000 } },
    { node: { lease: '300ms' } },
    { shutdown: { drain: '0s' } },
  ])('may be as small and as large as %j', (options) => {
    expect(() => resolveEngineOptions(options)).not.toThrow();
  });

  it.each<[string, unknown, string]>([
    ['TRG_DEF_INVALID_OPTION', { worker: { concurrency: 0 } }, 'worker.concurrency'],
    ['TRG_DEF_INVALID_OPTION', { worker: { concurrency: 1.5 } }, 'worker.concurrency'],
    ['TRG_DEF_INVALID_OPTION', { worker: { concurrency: '5' } }, 'worker.concurrency'],
    ['TRG_DEF_INVALID_OPTION', { worker: { concurrency: 10_001 } }, 'worker.concurrency'],
    ['TRG_DEF_INVALID_OPTION', { worker: { pools: [] } }, 'worker.pools'],
    ['TRG_DEF_INVALID_OPTION', { worker: { pools: 'gpu' } }, 'worker.pools'],
    ['TRG_DEF_INVALID_OPTION', { node: { lease: '299ms' } }, 'node.lease'],
    ['TRG_DEF_INVALID_DURATION', { node: { lease: 'x' } }, 'node.lease'],
    ['TRG_DEF_INVALID_DURATION', { shutdown: { drain: 'x' } }, 'shutdown.drain'],
    ['TRG_DEF_INVALID_DURATION', { retention: { skips: 'x' } }, 'retention.skips'],
    ['TRG_DEF_INVALID_DURATION', { retention: { completed: 'x' } }, 'retention.completed'],
    ['TRG_DEF_INVALID_DURATION', { retention: { failed: 'x' } }, 'retention.failed'],
  ])('refuse with %s %j, and name the option', (code, options, name) => {
    expect(() => resolveEngineOptions(options as EngineOptions)).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(`Option "${name}"`) }),
    );
  });

  it('name pools that tasks declare, or none', () => {
    const known = ['default', 'gpu'];
    for (const pools of [null, ['gpu'], known]) expect(() => checkPools({ pools }, known)).not.toThrow();
    expect(() => checkPools({ pools: ['gpu', 'gqu'] }, known)).toThrow(
      expect.objectContaining({
        code: 'TRG_DEF_INVALID_OPTION',
        message: 'Option "worker.pools" has "gqu", which no task declares. Known: "default", "gpu".',
      }),
    );
  });
});
