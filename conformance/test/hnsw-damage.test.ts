/**
 * Damaged index pages: whatever a disk has done to them, the server stays up, no statement runs for ever, and damage that
 * breaks the form of a page is an error that says which index to rebuild.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import type { EmbeddedServer } from '@ruvector/pg-extension/embedded';
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { DataDirectory, ourLibrary } from '../src/native.js';
import { Random } from '../src/random.js';

const PAGE = 8192;
const PAGE_HEADER = 24;
const ELEMENT = 1;
/** Offsets in an element tuple. */
const at = { level: 1, neighborsBlock: 64, length: 72, dimensions: 76 } as const;

/** Where the element tuples of a file begin. */
function elementsOf(file: Buffer): number[] {
  const found: number[] = [];
  for (let page = PAGE; page < file.length; page += PAGE) {
    for (let item = PAGE_HEADER; item < file.readUInt16LE(page + 12); item += 4) {
      const tuple = page + (file.readUInt32LE(page + item) & 0x7fff);
      if (file[tuple] === ELEMENT) found.push(tuple);
    }
  }
  return found;
}

const everyElement =
  (change: (file: Buffer, tuple: number) => void) =>
  (file: Buffer): void => {
    for (const tuple of elementsOf(file)) change(file, tuple);
  };

/** Damage that vacuum must notice. */
const noticed: Readonly<Record<string, (file: Buffer) => void>> = {
  zeroes: (file) => void file.fill(0, 2 * PAGE, 3 * PAGE),
  level: everyElement((file, tuple) => file.writeUInt8(255, tuple + at.level)),
  dimensions: everyElement((file, tuple) => file.writeInt16LE(2000, tuple + at.dimensions)),
  length: everyElement((file, tuple) => file.writeUInt32LE(0, tuple + at.length)),
  chain: (file) => void file.writeUInt32LE(1, 2 * PAGE - 8),
  links: everyElement((file, tuple) => file.writeUInt32LE(0, tuple + at.neighborsBlock)),
  magic: (file) => void file.writeUInt32LE(1, PAGE_HEADER),
};

/** Any bytes at all, the metapage's included. */
const anywhere = Object.fromEntries(
  Array.from({ length: 24 }, (_, seed) => [
    `bytes_${seed}`,
    (file: Buffer): void => {
      const random = new Random(seed);
      for (let i = 0; i < 60; i++) file[random.below(file.length)] = random.below(256);
    },
  ]),
);
const damages = { ...noticed, ...anywhere };

let data: DataDirectory;
let server: EmbeddedServer;
let client: pg.Client;

async function connect(): Promise<void> {
  client = new pg.Client(server.connectionString);
  client.on('error', () => undefined);
  await client.connect();
  await client.query("SET enable_seqscan = off; SET statement_timeout = '20s'");
}

/** `ok`, or the SQLSTATE; a lost connection is thrown on. */
async function outcome(sql: string): Promise<string> {
  try {
    await client.query(sql);
    return 'ok';
  } catch (error) {
    const { code } = error as { code?: string };
    if (code === undefined || !/^[0-9A-Z]{5}$/.test(code) || /^57P/.test(code)) throw error;
    return code;
  }
}

const rows = (from: number, count: number): string =>
  `SELECT i, ARRAY[random(), random(), random()]::vector FROM generate_series(${from}, ${from + count - 1}) i`;

beforeAll(async () => {
  data = new DataDirectory();
  server = await data.start(ourLibrary);
  await connect();
  await client.query('CREATE EXTENSION vector');
  const files: string[] = [];
  for (const name of Object.keys(damages)) {
    await client.query(`CREATE TABLE ${name} (id int, v vector(3))`);
    await client.query(`INSERT INTO ${name} ${rows(1, 250)}`);
    await client.query(`CREATE INDEX ${name}_idx ON ${name} USING hnsw (v vector_l2_ops)`);
    await client.query(`DELETE FROM ${name} WHERE id > 200`);
    const { rows: found } = await client.query(
      `SELECT current_setting('data_directory') || '/' || pg_relation_filepath('${name}_idx') AS file`,
    );
    files.push((found[0] as { file: string }).file);
  }
  await client.query('CHECKPOINT');
  await client.end();
  await server.stop();
  for (const [i, damage] of Object.values(damages).entries()) {
    const file = readFileSync(files[i] as string);
    damage(file);
    writeFileSync(files[i] as string, file);
  }
  server = await data.start(ourLibrary);
  await connect();
});

afterAll(async () => {
  await client?.end().catch(() => undefined);
  await server?.stop();
  await data?.remove();
});

it.each(Object.keys(damages))('%s: the server stays up', async (name) => {
  const nearest = `SELECT count(*) FROM (SELECT id FROM ${name} ORDER BY v <-> '[0,0,0]' LIMIT 300) q`;
  const outcomes = [
    await outcome(nearest),
    await outcome(`SET hnsw.iterative_scan = relaxed_order; ${nearest}`),
    await outcome(`INSERT INTO ${name} ${rows(1001, 20)}`),
  ];
  const vacuum = await outcome(`VACUUM (INDEX_CLEANUP ON) ${name}`);
  outcomes.push(vacuum, await outcome(`INSERT INTO ${name} ${rows(2001, 100)}`), await outcome(nearest));
  // 57014: the statement was cancelled because it did not end.
  expect(outcomes).not.toContain('57014');
  if (Object.hasOwn(noticed, name)) expect(vacuum).toBe('XX002');
  expect(await outcome('SELECT 1')).toBe('ok');
  expect(server.log()).not.toMatch(/PANIC|terminated by signal/);
  expect(await outcome(`REINDEX INDEX ${name}_idx`)).toBe('ok');
  expect(await outcome(`SET hnsw.iterative_scan = off; ${nearest}`)).toBe('ok');
});
