/**
 * Saves an index over and over, each time with one more row, until it is killed: `node saving.mjs <kind> <path>`. Says `ready`
 * once the first file is there.
 */
import { createIndex } from '../../dist/index.js';

const [kind, path] = process.argv.slice(2);
const dimensions = 16;
const count = 2000;
const index = createIndex({ kind, dimensions, m: 4, efConstruction: 30 });
await index.addMany(
  Array.from({ length: count }, (_, i) => i),
  Float32Array.from({ length: count * dimensions }, (_, i) => Math.sin(i * i)),
);
for (let i = count; ; i++) {
  await index.save(path);
  if (i === count) console.log('ready');
  index.add(i, new Float32Array(dimensions).fill(i));
}
