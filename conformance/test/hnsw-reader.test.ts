/** The reader of HNSW pages finds no fault with pgvector's own pages, and every fault that is put into them. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pgvectorEngine, rowsOf, type SqlEngine } from '../src/engines.js';
import {
  checkHnswIndex,
  doubledNeighbors,
  emptyElements,
  type HnswElement,
  type HnswIndex,
  heapTidsOf,
  neighborsAt,
  readHnswIndex,
  type Tid,
  tidKey,
  tidText,
  unreachableElements,
} from '../src/hnsw-pages.js';
import { readPages } from '../src/page-exchange.js';
import { Random } from '../src/random.js';
import { insertVectors, METRICS } from '../src/recall.js';

let engine: SqlEngine;
beforeAll(async () => {
  engine = await pgvectorEngine();
});
afterAll(() => engine?.close());

const run = (sql: string) => rowsOf(engine, sql);

async function readIndex(name = 'i'): Promise<HnswIndex> {
  return readHnswIndex(await readPages(engine, name));
}

/** The index's rows are those of the table that have a vector, dead ones included until a vacuum. */
async function expectRows(index: HnswIndex, where = 'v IS NOT NULL'): Promise<void> {
  const rows = await run(`SELECT ctid FROM t WHERE ${where} ORDER BY ctid`);
  expect(heapTidsOf(index).map(tidText)).toEqual(rows.flat());
}

describe("pgvector's own pages are read", () => {
  it.each(METRICS)('$name: after a build, inserts, a vacuum and inserts again', async ({ name, opclass }) => {
    const random = new Random(1);
    await run('CREATE TABLE t (id int, v vector(8)); ');
    await insertVectors(engine, 't', random.vectors(500, 8));
    await run(`CREATE INDEX i ON t USING hnsw (v ${opclass}) WITH (m = 6, ef_construction = 30)`);
    const built = await readIndex();
    expect(checkHnswIndex(built)).toEqual([]);
    expect(built.meta).toMatchObject({ version: 1, dimensions: 8, m: 6, efConstruction: 30 });
    expect(built.elements.size).toBe(500);
    await expectRows(built);
    if (name === 'cosine') {
      for (const { vector } of built.elements.values()) {
        expect(Math.hypot(...(vector as Float32Array))).toBeCloseTo(1, 5);
      }
    }
    await insertVectors(engine, 't', random.vectors(300, 8), 501);
    const grown = await readIndex();
    expect(checkHnswIndex(grown)).toEqual([]);
    expect(doubledNeighbors(grown)).toEqual([]);
    await expectRows(grown);

    await run('DELETE FROM t WHERE id % 3 = 0');
    await run('VACUUM t');
    const shrunk = await readIndex();
    expect(checkHnswIndex(shrunk)).toEqual([]);
    expect(emptyElements(shrunk)).toEqual([]);
    expect([...shrunk.elements.values()].filter((element) => element.deleted)).toHaveLength(266);
    await expectRows(shrunk);

    await insertVectors(engine, 't', random.vectors(100, 8), 801);
    const reused = await readIndex();
    expect(checkHnswIndex(reused)).toEqual([]);
    expect(reused.blocks).toBe(shrunk.blocks);
    await expectRows(reused);
    if (name !== 'ip') expect(unreachableElements(reused)).toEqual([]);
    await run('DROP TABLE t');
  });

  it('when empty', async () => {
    await run('CREATE TABLE t (id int, v vector(3))');
    await run('CREATE INDEX i ON t USING hnsw (v vector_l2_ops)');
    const index = await readIndex();
    expect(checkHnswIndex(index)).toEqual([]);
    expect(index).toMatchObject({ blocks: 2, chain: [1], meta: { entryLevel: -1, insertPage: 1 } });
    expect(index.meta.entry).toBeUndefined();
    await insertVectors(engine, 't', ['[1,2,3]']);
    await run('DELETE FROM t');
    await run('VACUUM t');
    const emptied = await readIndex();
    expect(checkHnswIndex(emptied)).toEqual([]);
    expect(emptied.meta.entry).toBeUndefined();
    await run('DROP TABLE t');
  });

  it('with rows of equal vectors', async () => {
    await run('CREATE TABLE t (id int, v vector(2))');
    await insertVectors(engine, 't', new Array(25).fill('[1,2]'));
    await run('CREATE INDEX i ON t USING hnsw (v vector_l2_ops)');
    await insertVectors(engine, 't', ['[1,2]', '[1,2]', '[3,4]'], 26);
    const index = await readIndex();
    expect(checkHnswIndex(index)).toEqual([]);
    await expectRows(index);
    const counts = [...index.elements.values()].map((element) => element.heapTids.length);
    expect(counts.sort((a, b) => a - b)).toEqual([1, 7, 10, 10]);
    await run('DROP TABLE t');
  });

  it('of elements whose neighbours lie on another page', async () => {
    const random = new Random(2);
    await run('CREATE TABLE t (id int, v vector(2000))');
    await insertVectors(engine, 't', random.vectors(30, 2000));
    await run('CREATE INDEX i ON t USING hnsw (v vector_l2_ops) WITH (m = 50, ef_construction = 100)');
    await insertVectors(engine, 't', random.vectors(20, 2000), 31);
    const index = await readIndex();
    expect(checkHnswIndex(index)).toEqual([]);
    await expectRows(index);
    const elsewhere = [...index.elements.values()].filter(
      (element) => element.neighborTid.block !== element.tid.block,
    );
    expect(elsewhere.length).toBeGreaterThan(0);
    await run('DROP TABLE t');
  });
});

describe('faults are found', () => {
  const PAGE = 8192;
  let pages: Buffer;
  let index: HnswIndex;
  beforeAll(async () => {
    await run('CREATE TABLE t (id int, v vector(4))');
    await insertVectors(engine, 't', [...new Random(3).vectors(300, 4), '[9,9,9,9]', '[9,9,9,9]']);
    await run('CREATE INDEX i ON t USING hnsw (v vector_l2_ops) WITH (m = 4)');
    await run('DELETE FROM t WHERE id IN (100, 200)');
    await run('VACUUM t');
    pages = await readPages(engine, 'i');
    index = readHnswIndex(pages);
    await run('DROP TABLE t');
  });

  /** Where a tuple's bytes begin. */
  const at = ({ block, offset }: Tid): number =>
    block * PAGE + (pages.readUInt32LE(block * PAGE + 24 + 4 * (offset - 1)) & 0x7fff);
  const writeTid = (to: Buffer, position: number, tid: Tid): void => {
    to.writeUInt16LE(tid.block >>> 16, position);
    to.writeUInt16LE(tid.block & 0xffff, position + 2);
    to.writeUInt16LE(tid.offset, position + 4);
  };
  const find = (wanted: (element: HnswElement) => boolean): HnswElement => {
    const element = [...index.elements.values()].find(wanted);
    if (element === undefined) throw new Error('there is no such element');
    return element;
  };
  const live = (): HnswElement => find((element) => element.heapTids.length === 1 && element.level === 0);
  const isEntry = (element: HnswElement): boolean =>
    index.meta.entry !== undefined && tidKey(element.tid) === tidKey(index.meta.entry);

  const damages: readonly (readonly [string, (damaged: Buffer) => void, RegExp])[] = [
    ['another magic number', (b) => b.writeUInt32LE(1, 24), /magic 1/],
    ['another version', (b) => b.writeUInt32LE(2, 28), /metapage has version 2/],
    ['other dimensions', (b) => b.writeUInt32LE(5, 32), /has a vector of 4 dimensions/],
    ['another m', (b) => b.writeUInt16LE(5, 36), /slots for neighbours/],
    ['no entry point', (b) => b.writeUInt32LE(0xffffffff, 40), /no entry point, but/],
    [
      'an entry point that is a neighbour tuple',
      (b) => b.writeUInt16LE(b.readUInt16LE(44) + 1, 44),
      /entry point .* is no element/,
    ],
    ['another entry level', (b) => b.writeInt16LE(60, 46), /the metapage says 60/],
    ['an insert page beyond the end', (b) => b.writeUInt32LE(1000, 48), /insert page is 1000/],
    ['a page of another kind', (b) => b.writeUInt16LE(0, 2 * PAGE - 2), /page 1 has header .* id 0/],
    [
      'a chain that ends early',
      (b) => b.writeUInt32LE(0xffffffff, 2 * PAGE - 8),
      /page 2 is not in the chain/,
    ],
    ['a chain that comes back', (b) => b.writeUInt32LE(1, 3 * PAGE - 8), /page 2 is followed by 1/],
    ['a chain that leads out', (b) => b.writeUInt32LE(77, 3 * PAGE - 8), /page 2 is followed by 77/],
    ['a line pointer out of the page', (b) => b.writeUInt16LE(0xfff8, PAGE + 24), /line pointer \(1,1\)/],
    ['a tuple of a third type', (b) => b.writeUInt8(3, at(live().tid)), /has type 3/],
    ['another level', (b) => b.writeUInt8(1, at(live().tid) + 1), /of level 1 has 8 slots/],
    ['a deleted mark', (b) => b.writeUInt8(1, at(live().tid) + 2), /is deleted and has rows/],
    [
      'a deleted mark on an element that others know',
      (b) => b.writeUInt8(1, at(live().tid) + 2),
      /has neighbour .* which is deleted/,
    ],
    [
      'a deleted entry point',
      (b) => b.writeUInt8(1, at(find(isEntry).tid) + 2),
      /the entry point .* is deleted/,
    ],
    ['another version of an element', (b) => b.writeUInt8(7, at(live().tid) + 3), /has version 7/],
    ['version 0', (b) => b.writeUInt8(0, at(live().tid) + 3), /has version 0/],
    [
      'an empty slot before a row',
      (b) => b.writeUInt16LE(0, at(find((e) => e.heapTids.length === 2).tid) + 8),
      /empty slot before a row/,
    ],
    [
      'a row twice',
      (b) => {
        const [row] = find((e) => e.heapTids.length === 2).heapTids;
        writeTid(b, at(live().tid) + 4, row as Tid);
      },
      /^row .* is in elements/,
    ],
    [
      'neighbours that are not there',
      (b) => writeTid(b, at(live().tid) + 64, live().tid),
      /where they are not/,
    ],
    [
      'a neighbour tuple of two elements',
      (b) => writeTid(b, at(live().tid) + 64, find((e) => e !== live() && e.level === 0).neighborTid),
      /shares its neighbour tuple/,
    ],
    [
      'a vector of other dimensions',
      (b) => b.writeInt16LE(3, at(live().tid) + 76),
      /a vector of 3 dimensions/,
    ],
    ['fewer slots', (b) => b.writeUInt16LE(7, at(live().neighborTid) + 2), /has 7 slots/],
    [
      'itself as neighbour',
      (b) => writeTid(b, at(live().neighborTid) + 4, live().tid),
      /is its own neighbour/,
    ],
    [
      'a neighbour that is none',
      (b) => writeTid(b, at(live().neighborTid) + 4, { block: 1, offset: 900 }),
      /neighbour \(1,900\), which is no element/,
    ],
    [
      'an empty slot before a neighbour',
      (b) => b.writeUInt16LE(0, at(live().neighborTid) + 8),
      /empty slot before a neighbour/,
    ],
    [
      'a neighbour of too low a level',
      (b) => writeTid(b, at(find((e) => !e.deleted && e.level === 1).neighborTid) + 4, live().tid),
      /at layer 1 has neighbour .* which has level 0/,
    ],
    [
      'neighbours of a deleted element',
      (b) => writeTid(b, at(find((e) => e.deleted).neighborTid) + 4, live().tid),
      /is deleted and has neighbours/,
    ],
  ];

  it.each(damages)('%s', (_, damage, fault) => {
    expect(checkHnswIndex(index)).toEqual([]);
    const damaged = Buffer.from(pages);
    damage(damaged);
    expect(checkHnswIndex(readHnswIndex(damaged))).toContainEqual(expect.stringMatching(fault));
  });

  it('and neighbours that are there twice, which is no fault', () => {
    expect(doubledNeighbors(index)).toEqual([]);
    const damaged = Buffer.from(pages);
    writeTid(damaged, at(live().neighborTid) + 10, neighborsAt(index, live(), 0)[0] as Tid);
    expect(doubledNeighbors(readHnswIndex(damaged))).toEqual([expect.stringMatching(/ twice$/)]);
    expect(checkHnswIndex(readHnswIndex(damaged))).toEqual([]);
  });

  it('but not a page that was added and never written', () => {
    expect(checkHnswIndex(readHnswIndex(Buffer.concat([pages, Buffer.alloc(PAGE)])))).toEqual([]);
  });

  it('and what is no whole number of pages is refused', () => {
    expect(() => readHnswIndex(Buffer.alloc(0))).toThrow('are not pages');
    expect(() => readHnswIndex(Buffer.alloc(PAGE + 1))).toThrow('are not pages');
  });
});
