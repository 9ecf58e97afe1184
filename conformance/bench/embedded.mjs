#!/usr/bin/env node
// @ts-check
/**
 * How long an embedded server takes to start, to stop, and to be gone after its parent was killed: medians in
 * milliseconds, for the server that is found and for those from npm that `npm test` has fetched.
 *
 *     npm run build && node conformance/bench/embedded.mjs [rounds]
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { startEmbedded } from '@ruvector/pg-extension/embedded';

const servers = fileURLToPath(new URL('../../.cache/embedded-postgres', import.meta.url));
const rounds = Number(process.argv[2] ?? 9);

/** @param {number[]} values */
function median(values) {
  return Math.round([...values].sort((a, b) => a - b)[values.length >> 1]);
}

/** @param {import('@ruvector/pg-extension/embedded').EmbeddedOptions} options */
async function startAndStop(options) {
  const start = performance.now();
  /** @type {Record<string, number>} */
  const reached = {};
  const server = await startEmbedded({
    ...options,
    onProgress: (phase) => {
      reached[phase] = performance.now() - start;
    },
  });
  const stopping = performance.now();
  await server.stop();
  return {
    copy: reached.initdb - reached.copy,
    initdb: reached.start - reached.initdb,
    server: reached.ready - reached.start,
    'in all': reached.ready,
    stop: performance.now() - stopping,
  };
}

/** From SIGKILL of the parent until the directory of its server is gone. */
async function killed() {
  const program = `
    import { startEmbedded } from '${import.meta.resolve('@ruvector/pg-extension/embedded')}';
    const server = await startEmbedded({ extensions: [] });
    console.log(server.socketDir);
    setInterval(() => undefined, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [socketDir] = await once(child.stdout.setEncoding('utf8'), 'data');
  const base = dirname(socketDir.trim());
  const start = performance.now();
  child.kill('SIGKILL');
  while (existsSync(base)) await sleep(2);
  return { 'parent killed': performance.now() - start };
}

/** @param {string} name @param {() => Promise<Record<string, number>>} once */
async function measure(name, once) {
  /** @type {Record<string, number>[]} */
  const samples = [];
  for (let round = 0; round < rounds; round++) samples.push(await once());
  const keys = Object.keys(samples[0]);
  console.log(name, Object.fromEntries(keys.map((key) => [key, median(samples.map((each) => each[key]))])));
}

await measure('server of the system', () => startAndStop({ extensions: [] }));
for (const major of [15, 18]) {
  const serverPackage = join(servers, String(major));
  if (existsSync(join(serverPackage, 'node_modules'))) {
    await measure(`server ${major} from npm`, () => startAndStop({ serverPackage, extensions: [] }));
  }
}
await measure('server of the system', killed);
