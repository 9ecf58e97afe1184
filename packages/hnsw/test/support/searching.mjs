/**
 * Makes searches and says how much memory came with them: `node --expose-gc searching.mjs <kind> <searches>`. Prints bytes of the
 * process before and after, once a tenth of the searches has warmed it up.
 */
import { createIndex } from '../../dist/index.js';

const turn = () => new Promise((resolve) => setImmediate(resolve));

async function settled() {
  for (let i = 0; i < 5; i++) {
    globalThis.gc();
    await turn();
  }
  return process.memoryUsage().rss;
}

const [kind, searches] = process.argv.slice(2);
const dimensions = 8;
const count = 500;
const index = createIndex({ kind, dimensions, m: 4, efConstruction: 30, lists: 10 });
const vectors = Float32Array.from({ length: count * dimensions }, (_, i) => Math.sin(i * i));
await index.addMany(
  Array.from({ length: count }, (_, i) => i),
  vectors,
);
const ids = index.prepareFilter({ ids: [1, 2, 3, 400] });
let before = 0;
for (let i = 0; i < Number(searches); i++) {
  const query = vectors.subarray((i % count) * dimensions, ((i % count) + 1) * dimensions);
  switch (i % 10) {
    case 0:
      index.search(query, 5, { filter: ids });
      break;
    case 1: {
      let left = 5;
      for (const _ of index.iterate(query)) if (--left === 0) break;
      break;
    }
    case 2:
      index.range(query, 0.1, { limit: 5 });
      break;
    default:
      index.search(query, 5);
  }
  // What the addon frees when an object has gone waits for a turn of the event loop.
  if (i % 100_000 === 0) await turn();
  if (i === Math.floor(Number(searches) / 10)) before = await settled();
}
console.log(JSON.stringify({ before, after: await settled() }));
