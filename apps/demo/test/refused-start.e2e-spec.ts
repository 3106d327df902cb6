import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DemoProcess } from './demo-process.js';

describe('a start that cannot be', () => {
  let home: string;
  let demo: DemoProcess;

  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'demo-e2e-'));
  });
  afterEach(async () => {
    await demo.stop('SIGKILL');
    rmSync(home, { recursive: true, force: true });
  });

  async function refusal(env: Record<string, string>): Promise<string> {
    const database = join(home, 'triggers.db');
    demo = new DemoProcess({ INBOX_DIR: join(home, 'inbox'), TRIGGERS_DATABASE: database, ...env });
    expect(await demo.ended()).toBe(1);
    expect(demo.output).toBe('');
    return demo.errors;
  }

  it.each(['abc', '65536'])('says that PORT=%s is none', async (port) => {
    expect(await refusal({ PORT: port })).toBe(
      `demo: PORT is "${port}"; use a number from 0 to 65535 (0 takes any free port).\n`,
    );
  });

  it('says that the port is in use', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as AddressInfo;

    expect(await refusal({ PORT: String(port) })).toBe(
      `demo: Cannot listen on 127.0.0.1:${port}: It is in use; is the demo running already? Set PORT (or HOST) to something else.\n`,
    );
    server.close();
  });

  it('says that the inbox is no folder', async () => {
    const file = join(home, 'file');
    writeFileSync(file, '');
    expect(await refusal({ INBOX_DIR: file })).toBe(
      `demo: INBOX_DIR "${file}" is not a folder that this user can read and write (ENOTDIR).\n`,
    );
  });

  it('says that the folder of the database is missing', async () => {
    const path = join(home, 'missing', 'triggers.db');
    expect(await refusal({ TRIGGERS_DATABASE: path })).toMatch(
      /^demo: The folder ".*missing" of the database does not exist\..*\n$/,
    );
  });
});
