/**
 * Quantisation inside of PostgreSQL: the kernels that the npm package links, loaded into a backend, give the same bytes
 * there, take their memory from PostgreSQL's contexts, and let its interrupts through.
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type EmbeddedServer, startEmbedded } from '@ruvector/pg-extension/embedded';
import { type Codec, capabilities, Int8Codec, kmeans, type QuantMetric, RabitqCodec } from '@ruvector/quant';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildProbe, moduleSymbols, probeFunctions } from '../src/quant-probe.js';
import { Random } from '../src/random.js';

const metricNumbers: Readonly<Record<QuantMetric, number>> = { dot: 0, l2sq: 1, cosine: 3 };

let folder: string;
let library: string;
let server: EmbeddedServer;
let client: pg.Client;

/** Memory of a typed array as a parameter. */
function bytesOf(array: Float32Array | Uint8Array): Buffer {
  return Buffer.from(array.buffer, array.byteOffset, array.byteLength);
}

/** A copy, at a place that float32 may be read from. */
function floatsIn(bytes: Buffer): Float32Array {
  return new Float32Array(Uint8Array.from(bytes).buffer);
}

async function ask<T = Buffer>(call: string, values: unknown[] = []): Promise<T> {
  const { rows } = await client.query<{ value: T }>(`SELECT ${call} AS value`, values);
  return rows[0].value;
}

function gaussian(seed: number, count: number): Float32Array {
  const random = new Random(seed);
  return Float32Array.from(
    { length: count },
    () => Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next()),
  );
}

/** What one value of a metric is in float64, from the vectors themselves. */
function exact(metric: QuantMetric, a: Float32Array, b: Float32Array): number {
  let [dot, aa, bb, l2sq] = [0, 0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    dot += a[i] * b[i];
    aa += a[i] * a[i];
    bb += b[i] * b[i];
    l2sq += (a[i] - b[i]) ** 2;
  }
  return metric === 'dot' ? dot : metric === 'l2sq' ? l2sq : 1 - dot / Math.sqrt(aa * bb);
}

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'quant-probe-'));
  library = await buildProbe(folder);
  server = await startEmbedded();
  // Where the server's account can read it.
  const placed = path.join(server.dataDir, 'quant_probe.so');
  copyFileSync(library, placed);
  chmodSync(placed, 0o755);
  client = new pg.Client(server.connectionString);
  await client.connect();
  for (const [name, rest] of Object.entries(probeFunctions)) {
    await client.query(`CREATE FUNCTION ${name}${rest} AS '${placed}', '${name}'`);
  }
}, 600_000);

afterAll(async () => {
  await client?.end();
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
});

describe('the module', () => {
  it("shows PostgreSQL its functions and nothing else, and needs the C library's alone", () => {
    const nm = (...options: string[]) =>
      execFileSync('nm', ['-D', ...options, library], { encoding: 'utf8' });
    const names = [...nm('--defined-only').matchAll(/ T (\S+)$/gm)].map(([, name]) => name);
    expect(names.sort()).toEqual([...moduleSymbols].sort());
    // operator new, the unwinder, and what exceptions and RTTI ask for.
    expect(nm('--undefined-only')).not.toMatch(/ (_Z|__cxa_(?!finalize)|__gxx|_Unwind|rv_)/);
  });

  it('goes with our extension in one backend: each has its own kernels', async () => {
    await client.query('CREATE EXTENSION vector');
    const distance = () => ask<number>("'[1,2]'::vector <-> '[4,6]'");
    expect(await distance()).toBe(5);
    await ask('probe_variant($1)', ['serial']);
    expect(await distance()).toBe(5);
    expect(await ask<string>('probe_variant(NULL)')).toBe('serial');
  });
});

describe('every variant that runs here', () => {
  const variants = capabilities().available.filter((each) => each !== 'typescript');
  const metrics: readonly QuantMetric[] = ['l2sq', 'dot', 'cosine'];
  const [dimensions, count] = [100, 77];
  const vectors = gaussian(1, dimensions * count);
  const queries = gaussian(2, dimensions * 3);
  const codecs: ReadonlyArray<[string, Codec, boolean]> = [
    ['int8', Int8Codec.create({ dimensions }), false],
    [
      'int8 by dimension',
      Int8Codec.train(vectors, { dimensions, range: 'dimension', quantiles: [0, 1] }),
      false,
    ],
    ['rabitq 1 bit', RabitqCodec.create({ dimensions, seed: 7 }), true],
    ['rabitq 4 bits, centred', RabitqCodec.train(vectors, { dimensions, bits: 4, seed: 7 }), true],
    ['rabitq 8 bits', RabitqCodec.create({ dimensions, bits: 8, seed: 8 }), true],
  ];

  it('is the addon', () => {
    expect(capabilities().backend).toBe('native');
    expect(variants).toContain('serial');
  });

  it.each(codecs)('makes the same codes, blocks, estimates and bounds: %s', async (_, codec, blocks) => {
    const codes = codec.encode(vectors);
    const packed = codec.pack(codes);
    const serialized = bytesOf(codec.serialize());
    for (const variant of variants) {
      await ask('probe_variant($1)', [variant]);
      const theirs = await ask('probe_encode($1, $2)', [serialized, bytesOf(vectors)]);
      expect(theirs.equals(bytesOf(codes)), variant).toBe(true);
      if (blocks) {
        const theirBlocks = await ask('probe_pack($1, $2)', [serialized, theirs]);
        expect(theirBlocks.equals(bytesOf(packed.bytes)), variant).toBe(true);
      }
      for (const metric of metrics) {
        for (let q = 0; q < 3; q++) {
          const query = queries.subarray(q * dimensions, (q + 1) * dimensions);
          const prepared = codec.query(query, metric);
          const [estimates, bounds] = [prepared.estimate(codes), prepared.bounds(codes)];
          for (const whole of blocks ? [false, true] : [false]) {
            const data = whole ? bytesOf(packed.bytes) : theirs;
            const call = 'probe_score($1, $2, $3, $4, $5, $6)';
            const args = [serialized, bytesOf(query), metricNumbers[metric], data, count, whole];
            const scores = floatsIn(await ask(call, args));
            expect(scores.subarray(0, count)).toEqual(estimates);
            expect(scores.subarray(count)).toEqual(bounds);
          }
          if (codec.kind !== 'int8') continue;
          for (let i = 0; i < count; i++) {
            const truth = exact(metric, query, vectors.subarray(i * dimensions, (i + 1) * dimensions));
            expect(Math.abs(truth - estimates[i])).toBeLessThanOrEqual(bounds[i]);
          }
        }
      }
    }
  });

  it('finds the same centroids', async () => {
    const { centroids } = kmeans(vectors, 9, { dimensions, iterations: 5, tolerance: 0, seed: 3 });
    for (const variant of variants) {
      await ask('probe_variant($1)', [variant]);
      const theirs = await ask('probe_kmeans($1, $2, 9, 5, 3)', [bytesOf(vectors), dimensions]);
      expect(floatsIn(theirs), variant).toEqual(centroids);
    }
  });
});

describe('a backend', () => {
  const codec = RabitqCodec.create({ dimensions: 64, bits: 3 });
  const serialized = Buffer.from(codec.serialize());

  it("refuses altered codecs and odd arguments with PostgreSQL's errors, and lives", async () => {
    const altered = Buffer.from(serialized);
    altered[40] ^= 1;
    const vector = bytesOf(gaussian(4, 64));
    for (const [call, values, code] of [
      ['probe_encode($1, $2)', [altered, vector], 'XX001'],
      ['probe_encode($1, $2)', [serialized.subarray(1), vector], 'XX001'],
      ['probe_encode($1, $2)', [serialized, vector.subarray(4)], '22023'],
      ['probe_encode($1, $2)', [serialized, bytesOf(new Float32Array(64).fill(Number.NaN))], '22023'],
      ['probe_score($1, $2, 2, $3, 1, false)', [serialized, vector, vector], '22023'],
      ['probe_kmeans($1, 64, 2, 1, 1)', [vector], '22023'],
      ['probe_variant($1)', ['pentium'], '22023'],
    ] as const) {
      await expect(ask(call, [...values])).rejects.toMatchObject({ code });
    }
    const codes = await ask('probe_encode($1, $2)', [serialized, vector]);
    expect(codes.equals(bytesOf(codec.encode(gaussian(4, 64))))).toBe(true);
  });

  it('ends k-means by statement_timeout and by pg_cancel_backend, and gets all memory back', async () => {
    const rows = gaussian(5, 64 * 20_000);
    // Rows are kept in the backend: to send them takes long as well.
    await client.query('CREATE TEMPORARY TABLE rows (data bytea)');
    await client.query('INSERT INTO rows VALUES ($1)', [bytesOf(rows)]);
    const endless = 'SELECT probe_kmeans(data, 64, 2000, 100000, 1) FROM rows';
    const memory = () => ask<number>('(SELECT sum(total_bytes)::float8 FROM pg_backend_memory_contexts)');
    const timeout = async () => {
      await client.query("SET statement_timeout = '50ms'");
      await expect(client.query(endless)).rejects.toMatchObject({ code: '57014' });
      await client.query('RESET statement_timeout');
    };
    await timeout();
    const before = await memory();
    for (let i = 0; i < 5; i++) await timeout();

    const pid = await ask<number>('pg_backend_pid()');
    const other = new pg.Client(server.connectionString);
    await other.connect();
    try {
      const ended = expect(client.query(endless)).rejects.toMatchObject({ code: '57014' });
      const isActive = async () => {
        const text = "SELECT 1 FROM pg_stat_activity WHERE pid = $1 AND state = 'active' AND query = $2";
        return (await other.query(text, [pid, endless])).rowCount === 1;
      };
      while (!(await isActive()));
      await other.query('SELECT pg_cancel_backend($1)', [pid]);
      await ended;
    } finally {
      await other.end();
    }
    // One training has 5 MB of rows and its workspace.
    expect((await memory()) - before).toBeLessThan(1e6);

    const { centroids } = kmeans(rows, 8, { dimensions: 64, iterations: 2, tolerance: 0, seed: 1 });
    const { rows: found } = await client.query<{ value: Buffer }>(
      'SELECT probe_kmeans(data, 64, 8, 2, 1) AS value FROM rows',
    );
    expect(floatsIn(found[0].value)).toEqual(centroids);
  });
});
