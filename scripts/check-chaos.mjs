/**
 * The rounds of chaos that CI runs, in two lanes: rounds mostly wait for leases, so one lane leaves cores idle. Each line says whose it is.
 * Run by `npm run check:chaos`, which builds the driver first.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

const DRIVER = 'test/chaos/dist/test/chaos/main.js';

const LANES = [
  [
    { name: 'sqlite', options: ['--store', 'sqlite'] },
    { name: 'postgres', options: ['--store', 'postgres'] },
  ],
  [
    { name: 'nodes', options: ['--store', 'postgres', '--nodes', '3', '--rounds', '10'] },
    { name: 'bullmq', options: ['--store', 'postgres', '--nodes', '3', '--transport', 'bullmq', '--rounds', '10'] },
  ],
];

const codes = await Promise.all(LANES.map(inTurn));
process.exitCode = codes.flat().every((code) => code === 0) ? 0 : 1;

async function inTurn(runs) {
  const codes = [];
  for (const run of runs) codes.push(await told(run));
  return codes;
}

async function told({ name, options }) {
  const child = spawn(process.execPath, [DRIVER, ...options], { stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = once(child, 'close');
  for (const stream of [child.stdout, child.stderr])
    createInterface({ input: stream }).on('line', (line) => process.stdout.write(`${name.padEnd(8)} │ ${line}\n`));
  const [code] = await ended;
  return code;
}
