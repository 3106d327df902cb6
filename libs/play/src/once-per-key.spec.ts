import { OncePerKey } from './once-per-key.js';

/** What was told. */
interface Told {
  readonly text: string;
  readonly path: string;
}

let desk: OncePerKey<Told>;

beforeEach(async () => {
  desk = await new OncePerKey<Told>({
    keep: (body, { path }) => {
      const { text } = body as { readonly text: string };
      if (text === 'no room') throw new Error(text);
      return { text, path };
    },
  }).listen();
});
afterEach(() => desk.close());

const tell = (key: string, text: string, signal: AbortSignal | null = null): Promise<number> =>
  fetch(`${desk.url}/teams/billing`, {
    method: 'POST',
    headers: { 'idempotency-key': key },
    body: JSON.stringify({ text }),
    signal,
  }).then(({ status }) => status);

it('takes a thing once for each key, and says so to everybody who brings it', async () => {
  expect(await Promise.all(['a', 'a', 'b'].map((key) => tell(key, 'hello')))).toEqual([204, 204, 204]);

  expect(desk.taken).toEqual(Array(2).fill({ text: 'hello', path: 'teams/billing' }));
  expect(desk.repeated).toBe(1);
});

it('tells of each thing once, before it answers', async () => {
  const told: string[] = [];
  desk.onTaken = async ({ text }) => void told.push(text);
  await tell('a', 'first');
  await tell('a', 'first');

  expect(told).toEqual(['first']);
});

it('has taken what it does not answer', async () => {
  desk.answers = false;
  const patience = new AbortController();
  desk.onTaken = () => patience.abort();
  await expect(tell('a', 'hello', patience.signal)).rejects.toThrow('aborted');
  desk.answers = true;

  expect(await tell('a', 'hello')).toBe(204);
  expect([desk.taken.length, desk.repeated]).toEqual([1, 1]);
});

it('has not taken what it could not keep', async () => {
  await expect(tell('a', 'no room')).rejects.toThrow('fetch failed');

  expect(await tell('a', 'hello')).toBe(204);
  expect([desk.taken.length, desk.repeated]).toEqual([1, 0]);
});
