/**
 * GloVe: 341,479 English words, 100 dimensions, by cosine distance. The demo downloads them and keeps a binary form,
 * whose layout is described in examples/word-search/src/dataset/cache.ts; this reads the vectors out of it.
 */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { BenchError } from '../../errors.js';
import { Random } from '../../random.js';
import { type AbsentDataset, cosine, type Dataset, type Size, type Vectors, vectorAt } from './dataset.js';

const MAGIC = 'RVWORDS\0';
const VERSION = 1;
const BYTE_ORDER_MARK = 0x01020304;
const HEADER_BYTES = 128;
/** Of everything but itself. */
const CHECKSUM = { from: 96, to: 128 } as const;

const SEED = 20_241_103;
/** Held out of every table, whatever its size, so that runs of any size ask the same questions. */
const HELD_OUT = 1000;

interface Header {
  readonly rows: number;
  readonly dimensions: number;
  readonly checksum: string;
}

function damaged(file: string, why: string): BenchError {
  return new BenchError(
    'BENCH_NOT_BUILT',
    `${basename(file)} ${why}; remove it and make it again with: npm run demo`,
  );
}

function parseHeader(file: string, header: Buffer): Header {
  if (header.length < HEADER_BYTES || header.toString('latin1', 0, 8) !== MAGIC)
    throw damaged(file, 'does not begin as such a file does');
  const [version, mark, rows, dimensions] = new Uint32Array(new Uint8Array(header.subarray(8, 24)).buffer);
  if (version !== VERSION || mark !== BYTE_ORDER_MARK)
    throw damaged(file, `is of version ${version}, not ${VERSION}, or of another machine`);
  return {
    rows: rows as number,
    dimensions: dimensions as number,
    checksum: header.toString('hex', CHECKSUM.from, CHECKSUM.to),
  };
}

/** Reads the vectors and checks the whole file. */
async function readVectors(file: string): Promise<Header & { values: Float32Array }> {
  const bytes = await readFile(file);
  const header = parseHeader(file, bytes);
  const end = HEADER_BYTES + 4 * header.rows * header.dimensions;
  if (end > bytes.length) throw damaged(file, `has ${bytes.length} bytes, its vectors alone need ${end}`);
  const digest = createHash('sha256').update(bytes.subarray(0, CHECKSUM.from));
  if (digest.update(bytes.subarray(CHECKSUM.to)).digest('hex') !== header.checksum)
    throw damaged(file, 'is damaged: its checksum does not agree');
  return { ...header, values: new Float32Array(new Uint8Array(bytes.subarray(HEADER_BYTES, end)).buffer) };
}

/** Indices of the rows in a seeded random order, without those that have no direction. */
function shuffledRows(values: Float32Array, dimensions: number): Uint32Array {
  const all = Uint32Array.from({ length: values.length / dimensions }, (_, row) => row);
  const order = all.filter((row) => vectorAt(values, dimensions, row).some((value) => value !== 0));
  const random = new Random(SEED);
  for (let i = order.length - 1; i > 0; i--) {
    const j = Math.floor(random.uniform() * (i + 1));
    [order[i], order[j]] = [order[j] as number, order[i] as number];
  }
  return order;
}

function gather(values: Float32Array, dimensions: number, rows: Uint32Array): Float32Array {
  const gathered = new Float32Array(rows.length * dimensions);
  for (const [to, from] of rows.entries()) gathered.set(vectorAt(values, dimensions, from), to * dimensions);
  return gathered;
}

/**
 * @param file the binary form that the demo keeps
 * @param size of the table and how many queries; at most what there is
 * @throws BenchError `BENCH_NOT_BUILT` for a damaged file, at once or from `load`
 */
export async function gloveDataset(file: string, size: Size): Promise<Dataset | AbsentDataset> {
  if (!existsSync(file))
    return {
      name: 'GloVe',
      reason: `there is no ${basename(file)} in the cache of the demo`,
      cure: 'run: npm run demo',
    };
  const start = await open(file, 'r');
  let header: Header;
  try {
    const { buffer, bytesRead } = await start.read(Buffer.alloc(HEADER_BYTES), 0, HEADER_BYTES, 0);
    header = parseHeader(file, buffer.subarray(0, bytesRead));
  } finally {
    await start.close();
  }
  const { dimensions, checksum } = header;
  const queries = Math.min(size.queries, HELD_OUT);
  const rows = Math.min(size.rows, header.rows - HELD_OUT);
  return {
    name: 'GloVe',
    id: 'glove',
    identity: checksum,
    dimensions,
    distance: cosine,
    rows,
    queries,
    load: async (): Promise<Vectors> => {
      const { values } = await readVectors(file);
      const order = shuffledRows(values, dimensions);
      if (order.length < HELD_OUT + rows)
        throw damaged(file, `has ${order.length} usable rows, too few for ${HELD_OUT + rows}`);
      return {
        queries: gather(values, dimensions, order.subarray(0, queries)),
        rows: gather(values, dimensions, order.subarray(HELD_OUT, HELD_OUT + rows)),
      };
    },
  };
}
