/** Inserts, updates, deletes, vacuum and scans at once, on one server. */
import type { Cluster } from './cluster.js';
import { checkIndex, type IndexReport } from './hnsw-check.js';
import type { Random } from './random.js';
import { type ScanTally, scanLoop, sumTallies } from './scan-loop.js';
import { stutter } from './stutter.js';

const DIMENSIONS = 3;

export interface MixedLoadOptions {
  readonly table: string;
  readonly rows: number;
  /** Writers, each of which makes so many steps. */
  readonly writers: number;
  readonly steps: number;
  readonly scanners: number;
  readonly random: Random;
}

export interface MixedLoadReport {
  readonly scans: ScanTally;
  /** The index when all had ended, and after a last vacuum. */
  readonly before: IndexReport;
  readonly after: IndexReport;
}

/** Makes a table with an index, and runs all on it until the writers are done. */
export async function mixedLoad(cluster: Cluster, options: MixedLoadOptions): Promise<MixedLoadReport> {
  const { table, rows, writers, steps, scanners, random } = options;
  const clients = await Promise.all(Array.from({ length: 1 + writers + scanners }, () => cluster.connect()));
  const [vacuum, ...others] = clients;
  const insert = (client: (typeof others)[number], vectors: readonly string[]) =>
    client.query(`INSERT INTO ${table} (v) SELECT unnest($1::text[])::vector`, [vectors]);
  await vacuum!.query(`CREATE TABLE ${table} (id serial PRIMARY KEY, v vector(${DIMENSIONS}))`);
  await insert(vacuum!, random.vectors(rows, DIMENSIONS));
  await vacuum!.query(`CREATE INDEX ${table}_v ON ${table} USING hnsw (v vector_l2_ops)`);

  const end = new AbortController();
  const stuttering = stutter(others, 150, random.fork(), end.signal);
  const scans = others.slice(writers).map((client) => {
    const own = random.fork();
    const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, own.below(10)));
    return scanLoop({ client, table, dimensions: DIMENSIONS, random: own, signal: end.signal, pause });
  });
  const writing = Promise.all(
    others.slice(0, writers).map(async (client, i) => {
      const own = random.fork();
      // Each has rows of its own, so that they do not wait for each other in a circle.
      const some = (count: number) =>
        `(SELECT id FROM ${table} WHERE id % ${writers} = ${i} ORDER BY random() LIMIT ${count})`;
      for (let step = 0; step < steps; step++) {
        await insert(client, own.vectors(own.between(1, 15), DIMENSIONS, own.pick([1, 3])));
        await client.query(`UPDATE ${table} SET v = $1 WHERE id IN ${some(3)}`, [own.vector(DIMENSIONS)]);
        await client.query(`DELETE FROM ${table} WHERE id IN ${some(8)}`);
      }
    }),
  );
  let written = false;
  const vacuuming = (async () => {
    while (!written) await vacuum!.query(`VACUUM ${table}`);
  })();
  try {
    await writing;
  } finally {
    written = true;
    end.abort();
    await Promise.allSettled([vacuuming, stuttering, ...scans]);
  }
  await vacuuming;
  const tally = sumTallies(await Promise.all(scans));
  const check = () => checkIndex(vacuum!, { table, index: `${table}_v`, random });
  const before = await check();
  await vacuum!.query(`VACUUM ${table}`);
  const after = await check();
  await Promise.all(clients.map((client) => client.end()));
  return { scans: tally, before, after };
}
