import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Stage } from './stage.js';

let closed: string[];
let complaints: string[];
let stage: Stage;

beforeEach(() => {
  [closed, complaints] = [[], []];
  stage = new Stage('spec', (problem) => complaints.push((problem as Error).message));
});
afterEach(() => stage.close());

const thing = (name: string) => ({ close: async () => closed.push(name) });
const stuck = (name: string) => ({ close: () => Promise.reject(new Error(`${name} stays`)) });

it('closes what was opened last first, and takes its folder away', async () => {
  writeFileSync(join(stage.folder, 'data'), '');
  for (const name of ['database', 'post', 'app']) await stage.open(() => thing(name));

  expect(await stage.close()).toBe(true);
  expect(closed).toEqual(['app', 'post', 'database']);
  expect(existsSync(stage.folder)).toBe(false);
});

it('closes all else where something does not close, and tells what does not', async () => {
  await stage.open(() => thing('post'));
  await stage.open(() => stuck('the database'));
  await stage.open(() => thing('app'));
  await stage.open(() => stuck('the shell'));

  expect(await stage.close()).toBe(false);
  expect({ closed, complaints }).toEqual({
    closed: ['app', 'post'],
    complaints: ['the shell stays', 'the database stays'],
  });
  expect(existsSync(stage.folder)).toBe(false);
});

it('closes once, for everybody who asks', async () => {
  await stage.open(() => thing('post'));

  expect(await Promise.all([stage.close(), stage.close()])).toEqual([true, true]);
  expect(closed).toEqual(['post']);
});

it('waits for what is being opened, and closes it', async () => {
  let made = (_: ReturnType<typeof thing>): void => undefined;
  const opening = stage.open(() => new Promise<ReturnType<typeof thing>>((resolve) => (made = resolve)));
  const closing = stage.close();
  made(thing('database'));

  await opening;
  expect(await closing).toBe(true);
  expect(closed).toEqual(['database']);
});

it('leaves what could not be opened to whoever wanted it', async () => {
  const opening = stage.open(() => Promise.reject<ReturnType<typeof thing>>(new Error('no server')));

  await expect(opening).rejects.toThrow('no server');
  expect([await stage.close(), complaints]).toEqual([true, []]);
});

it('opens nothing that nobody would close', async () => {
  const closing = stage.close();

  await expect(stage.open(() => thing('app'))).rejects.toThrow('interrupted');
  await closing;
  expect(closed).toEqual([]);
});
