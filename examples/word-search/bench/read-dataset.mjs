/**
 * What it costs to read the word vectors, each way in its own process: seconds and peak resident memory.
 * Needs the data of an earlier `npm run demo`. Run: npm run bench:data -w @ruvector/example-word-search
 */
import { spawnSync } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createGunzip } from 'node:zlib';
import { readCache } from '../dist/dataset/cache.js';
import { identityOf } from '../dist/dataset/index.js';
import { parseWordVectors } from '../dist/dataset/parse.js';
import { WINK_GLOVE_100D as source } from '../dist/dataset/source.js';
import { readTarEntry } from '../dist/dataset/tar.js';

const directory = fileURLToPath(new URL(`../../../.cache/datasets/${source.name}`, import.meta.url));
const kept = join(directory, `${source.name}-${source.version}`);
const unpacked = () =>
  readTarEntry(
    createReadStream(`${kept}.tgz`, { highWaterMark: 1 << 20 }).pipe(createGunzip({ chunkSize: 1 << 20 })),
    source.entry,
  );

const ways = {
  'tarball, JSON.parse': async () => {
    const pieces = [];
    for await (const piece of unpacked()) pieces.push(piece);
    return JSON.parse(Buffer.concat(pieces).toString('utf8')).words.length;
  },
  'tarball, as a stream': async () => (await parseWordVectors(unpacked())).words.length,
  'binary form': async () => (await readCache(`${kept}.bin`, identityOf(source))).words.length,
};

const way = process.argv[2];
if (way === undefined) {
  for (const each of Object.keys(ways)) {
    const { status } = spawnSync(process.execPath, [fileURLToPath(import.meta.url), each], {
      stdio: 'inherit',
    });
    if (status !== 0) process.exitCode = 1;
  }
} else {
  const begin = performance.now();
  const words = await ways[way]();
  const seconds = ((performance.now() - begin) / 1000).toFixed(2);
  const megabytes = Math.round(process.resourceUsage().maxRSS / 1024);
  console.log(`${way.padEnd(22)} ${words} words  ${seconds} s  ${megabytes} MB`);
}
