/**
 * pgvector's HNSW pages, read from raw page images and held against what must be true of them.
 *
 * Written from the format, not from either server's code: a metapage, then pages in a chain with element tuples (a
 * vector, its rows, its level) and neighbour tuples (for each layer, from the element's highest to 0, a fixed number
 * of slots: m, and 2 * m for layer 0). All numbers are little-endian.
 */

const PAGE_SIZE = 8192;
const PAGE_HEADER = 24;
const SPECIAL = 8;
const PAGE_ID = 0xff90;
const MAGIC = 0xa953a953;
const NO_BLOCK = 0xffffffff;
const ELEMENT = 1;
const NEIGHBORS = 2;
const HEAP_TIDS = 10;
/** Where an element tuple's vector and a neighbour tuple's slots begin. */
const VECTOR_AT = 72;
const SLOTS_AT = 4;

/** A tuple's address: a page, and the number of its line pointer, from 1. */
export interface Tid {
  readonly block: number;
  readonly offset: number;
}

export interface HnswMeta {
  readonly magic: number;
  readonly version: number;
  readonly dimensions: number;
  readonly m: number;
  readonly efConstruction: number;
  /** Where searches start; none in an empty index. */
  readonly entry: Tid | undefined;
  readonly entryLevel: number;
  /** Where the search for space for a new element starts. */
  readonly insertPage: number;
}

export interface HnswElement {
  readonly tid: Tid;
  readonly level: number;
  readonly deleted: boolean;
  readonly version: number;
  /** The rows with this vector. None in a deleted element, or in one that a vacuum is about to delete. */
  readonly heapTids: readonly Tid[];
  readonly neighborTid: Tid;
  /** As it is indexed: under cosine of length 1. Absent in a deleted element. */
  readonly vector: Float32Array | undefined;
}

export interface HnswNeighbors {
  readonly tid: Tid;
  readonly version: number;
  readonly slots: readonly (Tid | undefined)[];
}

export interface HnswIndex {
  readonly meta: HnswMeta;
  readonly blocks: number;
  /** Pages of elements and neighbours in the order of the chain. */
  readonly chain: readonly number[];
  /** By {@link tidKey}. */
  readonly elements: ReadonlyMap<number, HnswElement>;
  readonly neighbors: ReadonlyMap<number, HnswNeighbors>;
  /** What could not be read as the format says; `checkHnswIndex` begins with it. */
  readonly malformed: readonly string[];
}

/** A number for an address, for maps and sets. */
export const tidKey = (tid: Tid): number => tid.block * 65536 + tid.offset;

/** An address as PostgreSQL writes it. */
export const tidText = (tid: Tid): string => `(${tid.block},${tid.offset})`;

function readTid(page: Buffer, at: number): Tid | undefined {
  const offset = page.readUInt16LE(at + 4);
  if (offset === 0) return undefined;
  return { block: page.readUInt16LE(at) * 65536 + page.readUInt16LE(at + 2), offset };
}

/** A page that was added to the file and not yet written when the server ended is all zero; nothing refers to it. */
const isNew = (page: Buffer): boolean => page.readUInt16LE(14) === 0;

function readMeta(page: Buffer): HnswMeta {
  const block = page.readUInt32LE(PAGE_HEADER + 16);
  return {
    magic: page.readUInt32LE(PAGE_HEADER),
    version: page.readUInt32LE(PAGE_HEADER + 4),
    dimensions: page.readUInt32LE(PAGE_HEADER + 8),
    m: page.readUInt16LE(PAGE_HEADER + 12),
    efConstruction: page.readUInt16LE(PAGE_HEADER + 14),
    entry: block === NO_BLOCK ? undefined : { block, offset: page.readUInt16LE(PAGE_HEADER + 20) },
    entryLevel: page.readInt16LE(PAGE_HEADER + 22),
    insertPage: page.readUInt32LE(PAGE_HEADER + 24),
  };
}

/** Reads one index. A fault in a page never throws; it is put down and the rest is read. */
class Reader {
  readonly elements = new Map<number, HnswElement>();
  readonly neighbors = new Map<number, HnswNeighbors>();
  readonly malformed: string[] = [];

  readonly #pages: readonly Buffer[];

  constructor(pages: Buffer) {
    this.#pages = Array.from({ length: pages.length / PAGE_SIZE }, (_, block) =>
      pages.subarray(block * PAGE_SIZE, (block + 1) * PAGE_SIZE),
    );
  }

  read(): HnswIndex {
    const first = this.#pages[0] as Buffer;
    this.#checkHeader(first, 0);
    const meta = readMeta(first);
    const chain = this.#walk();
    for (const block of chain) this.#readTuples(this.#pages[block] as Buffer, block, meta);
    const { elements, neighbors, malformed } = this;
    return { meta, blocks: this.#pages.length, chain, elements, neighbors, malformed };
  }

  #walk(): number[] {
    const chain: number[] = [];
    const seen = new Set<number>();
    for (let block = 1; block !== NO_BLOCK; ) {
      const page = this.#pages[block];
      if (page === undefined || block === 0 || seen.has(block)) {
        this.malformed.push(
          `page ${chain.at(-1) ?? 0} is followed by ${block}, which is no page to follow it`,
        );
        break;
      }
      seen.add(block);
      chain.push(block);
      if (!this.#checkHeader(page, block)) break;
      block = page.readUInt32LE(PAGE_SIZE - SPECIAL);
    }
    for (let block = 1; block < this.#pages.length; block++) {
      const page = this.#pages[block] as Buffer;
      if (!seen.has(block) && !isNew(page)) this.malformed.push(`page ${block} is not in the chain`);
    }
    return chain;
  }

  #checkHeader(page: Buffer, block: number): boolean {
    const lower = page.readUInt16LE(12);
    const upper = page.readUInt16LE(14);
    const special = page.readUInt16LE(16);
    const layout = page.readUInt16LE(18);
    const pageId = page.readUInt16LE(PAGE_SIZE - 2);
    const right =
      layout === (PAGE_SIZE | 4) &&
      special === PAGE_SIZE - SPECIAL &&
      lower >= PAGE_HEADER &&
      lower <= upper &&
      upper <= special &&
      pageId === PAGE_ID;
    if (!right) {
      this.malformed.push(
        `page ${block} has header lower ${lower}, upper ${upper}, special ${special}, layout ${layout}, id ${pageId}`,
      );
    }
    return right;
  }

  #readTuples(page: Buffer, block: number, meta: HnswMeta): void {
    const upper = page.readUInt16LE(14);
    const count = Math.floor((page.readUInt16LE(12) - PAGE_HEADER) / 4);
    let bytes = 0;
    for (let offset = 1; offset <= count; offset++) {
      const tid = { block, offset };
      // lp_off: 15 bits, lp_flags: 2 (1 is a tuple in use), lp_len: 15
      const pointer = page.readUInt32LE(PAGE_HEADER + 4 * (offset - 1));
      const at = pointer & 0x7fff;
      const length = pointer >>> 17;
      bytes += length;
      const inPage = at % 8 === 0 && length % 8 === 0 && at >= upper && at + length <= PAGE_SIZE - SPECIAL;
      if (((pointer >>> 15) & 3) !== 1 || !inPage || length < 8) {
        this.malformed.push(`line pointer ${tidText(tid)} is ${pointer.toString(16)}`);
        continue;
      }
      const tuple = page.subarray(at, at + length);
      if (tuple[0] === ELEMENT) this.#readElement(tuple, tid, meta);
      else if (tuple[0] === NEIGHBORS) this.#readNeighbors(tuple, tid);
      else this.malformed.push(`tuple ${tidText(tid)} has type ${tuple[0]}`);
    }
    if (bytes > PAGE_SIZE - SPECIAL - upper) this.malformed.push(`tuples of page ${block} overlap`);
  }

  #readElement(tuple: Buffer, tid: Tid, meta: HnswMeta): void {
    if (tuple.length < VECTOR_AT + 8) {
      this.malformed.push(`element ${tidText(tid)} has ${tuple.length} bytes`);
      return;
    }
    const heapTids = Array.from({ length: HEAP_TIDS }, (_, i) => readTid(tuple, 4 + 6 * i));
    const used = heapTids.findLastIndex((heapTid) => heapTid !== undefined) + 1;
    if (heapTids.slice(0, used).includes(undefined)) {
      this.malformed.push(`element ${tidText(tid)} has an empty slot before a row`);
    }
    const neighborTid = readTid(tuple, 64);
    if (neighborTid === undefined) this.malformed.push(`element ${tidText(tid)} has no neighbour tuple`);
    const deleted = tuple[2] !== 0;
    if (deleted && tuple[2] !== 1) this.malformed.push(`element ${tidText(tid)} has deleted = ${tuple[2]}`);
    this.elements.set(tidKey(tid), {
      tid,
      level: tuple[1] as number,
      deleted,
      version: tuple[3] as number,
      heapTids: heapTids.filter((heapTid) => heapTid !== undefined),
      neighborTid: neighborTid ?? { block: NO_BLOCK, offset: 0 },
      vector: deleted ? undefined : this.#readVector(tuple, tid, meta),
    });
  }

  #readVector(tuple: Buffer, tid: Tid, meta: HnswMeta): Float32Array | undefined {
    // A varlena with a four-byte length word, then int16 dimensions and int16 `unused`.
    const head = tuple.readUInt32LE(VECTOR_AT);
    const dimensions = tuple.readInt16LE(VECTOR_AT + 4);
    const size = 8 + 4 * meta.dimensions;
    if (
      head !== size * 4 ||
      dimensions !== meta.dimensions ||
      tuple.length !== Math.ceil((VECTOR_AT + size) / 8) * 8
    ) {
      this.malformed.push(
        `element ${tidText(tid)} of ${tuple.length} bytes has a vector of ${dimensions} dimensions, ${head / 4} bytes`,
      );
      return undefined;
    }
    return Float32Array.from({ length: dimensions }, (_, i) => tuple.readFloatLE(VECTOR_AT + 8 + 4 * i));
  }

  #readNeighbors(tuple: Buffer, tid: Tid): void {
    const count = tuple.readUInt16LE(2);
    if (tuple.length !== Math.ceil((SLOTS_AT + 6 * count) / 8) * 8) {
      this.malformed.push(`neighbour tuple ${tidText(tid)} of ${tuple.length} bytes has ${count} slots`);
      return;
    }
    this.neighbors.set(tidKey(tid), {
      tid,
      version: tuple[1] as number,
      slots: Array.from({ length: count }, (_, i) => readTid(tuple, SLOTS_AT + 6 * i)),
    });
  }
}

/**
 * Reads an index of type `vector`.
 *
 * @param pages the file's main fork, whole pages from the first
 * @throws Error when that is not a positive number of pages
 * @example
 * ```ts
 * const { rows } = await client.query("CHECKPOINT; SELECT pg_read_binary_file(pg_relation_filepath('idx')) AS pages");
 * expect(checkHnswIndex(readHnswIndex(rows[0].pages))).toEqual([]);
 * ```
 */
export function readHnswIndex(pages: Buffer): HnswIndex {
  if (pages.length === 0 || pages.length % PAGE_SIZE !== 0) {
    throw new Error(`${pages.length} bytes are not pages`);
  }
  return new Reader(pages).read();
}

/** The neighbours of an element at a layer, 0 to its level, as many as there are. */
export function neighborsAt(index: HnswIndex, element: HnswElement, layer: number): Tid[] {
  return slotsAt(index, element, layer).filter((tid) => tid !== undefined);
}

function slotsAt(index: HnswIndex, element: HnswElement, layer: number): readonly (Tid | undefined)[] {
  const { m } = index.meta;
  const start = (element.level - layer) * m;
  const slots = index.neighbors.get(tidKey(element.neighborTid))?.slots ?? [];
  return slots.slice(start, start + (layer === 0 ? 2 * m : m));
}

/** The highest level that an element may have: its neighbours fit on a page, and the level in a byte. */
const maxLevel = (m: number): number =>
  Math.min(Math.floor((PAGE_SIZE - PAGE_HEADER - SPECIAL - SLOTS_AT - 4) / 6 / m) - 2, 63);

/**
 * What is wrong with an index, a line each; nothing when it is sound.
 *
 * All of it holds at any moment, so also after a crash, but for one: an index may have got its first element and not yet
 * its entry point. No fault are an element that a vacuum emptied and did not get to delete ({@link emptyElements}), one
 * that no other refers to ({@link unreachableElements}), and a neighbour that two sessions added
 * ({@link doubledNeighbors}).
 */
export function checkHnswIndex(index: HnswIndex): string[] {
  return [...index.malformed, ...checkMeta(index), ...checkElements(index), ...checkRows(index)];
}

function checkMeta({ meta, elements, chain }: HnswIndex): string[] {
  const faults: string[] = [];
  const { magic, version, dimensions, m, efConstruction, entry, entryLevel, insertPage } = meta;
  if (magic !== MAGIC) faults.push(`the metapage has magic ${magic.toString(16)}`);
  if (version !== 1) faults.push(`the metapage has version ${version}`);
  if (dimensions < 1 || dimensions > 2000) faults.push(`the metapage has ${dimensions} dimensions`);
  if (m < 2 || m > 100) faults.push(`the metapage has m = ${m}`);
  if (efConstruction < 2 * m || efConstruction > 1000) {
    faults.push(`the metapage has ef_construction = ${efConstruction}, m = ${m}`);
  }
  if (!chain.includes(insertPage)) faults.push(`the insert page is ${insertPage}`);
  if (entry === undefined) {
    if (entryLevel !== -1) faults.push(`no entry point, at level ${entryLevel}`);
    const live = [...elements.values()].find((element) => element.heapTids.length > 0);
    if (live !== undefined) faults.push(`no entry point, but element ${tidText(live.tid)} has rows`);
    return faults;
  }
  const element = elements.get(tidKey(entry));
  if (element === undefined) faults.push(`the entry point ${tidText(entry)} is no element`);
  else if (element.deleted) faults.push(`the entry point ${tidText(entry)} is deleted`);
  else if (element.level !== entryLevel) {
    faults.push(
      `the entry point ${tidText(entry)} has level ${element.level}, the metapage says ${entryLevel}`,
    );
  }
  return faults;
}

function checkElements(index: HnswIndex): string[] {
  const faults: string[] = [];
  const owners = new Map<number, HnswElement>();
  for (const element of index.elements.values()) {
    const name = `element ${tidText(element.tid)}`;
    const neighbors = index.neighbors.get(tidKey(element.neighborTid));
    if (neighbors === undefined) {
      faults.push(`${name} has its neighbours at ${tidText(element.neighborTid)}, where they are not`);
      continue;
    }
    const owner = owners.get(tidKey(neighbors.tid));
    if (owner !== undefined) faults.push(`${name} shares its neighbour tuple with ${tidText(owner.tid)}`);
    owners.set(tidKey(neighbors.tid), element);
    // Pages hold versions 1 to 15: more bits are reserved.
    if (element.version < 1 || element.version > 15 || neighbors.version !== element.version) {
      faults.push(`${name} has version ${element.version}, its neighbour tuple ${neighbors.version}`);
    }
    if (element.level > maxLevel(index.meta.m)) faults.push(`${name} has level ${element.level}`);
    if (neighbors.slots.length !== (element.level + 2) * index.meta.m) {
      faults.push(`${name} of level ${element.level} has ${neighbors.slots.length} slots for neighbours`);
      continue;
    }
    if (element.deleted) {
      if (element.heapTids.length > 0) faults.push(`${name} is deleted and has rows`);
      if (neighbors.slots.some((tid) => tid !== undefined))
        faults.push(`${name} is deleted and has neighbours`);
      continue;
    }
    // Of two elements that a vacuum emptied it deletes one first; no search comes to the other.
    const live = element.heapTids.length > 0;
    for (let layer = element.level; layer >= 0; layer--) {
      faults.push(...checkLayer(index, element, layer, live));
    }
  }
  for (const [key, { tid }] of index.neighbors) {
    if (!owners.has(key)) faults.push(`neighbour tuple ${tidText(tid)} belongs to no element`);
  }
  return faults;
}

function checkLayer(index: HnswIndex, element: HnswElement, layer: number, live: boolean): string[] {
  const faults: string[] = [];
  const where = `element ${tidText(element.tid)} at layer ${layer}`;
  const slots = slotsAt(index, element, layer);
  const used = slots.findLastIndex((tid) => tid !== undefined) + 1;
  for (const tid of slots.slice(0, used)) {
    if (tid === undefined) {
      faults.push(`${where} has an empty slot before a neighbour`);
      continue;
    }
    const neighbor = index.elements.get(tidKey(tid));
    if (neighbor === undefined) faults.push(`${where} has neighbour ${tidText(tid)}, which is no element`);
    else if (neighbor === element) faults.push(`${where} is its own neighbour`);
    else if (live && neighbor.deleted)
      faults.push(`${where} has neighbour ${tidText(tid)}, which is deleted`);
    else if (live && neighbor.level < layer) {
      faults.push(`${where} has neighbour ${tidText(tid)}, which has level ${neighbor.level}`);
    }
  }
  return faults;
}

/**
 * Neighbours that an element has twice at a layer, a line each. It costs a slot: two elements that were inserted at the
 * same time chose each other, and each was then added to the other's neighbours as well.
 */
export function doubledNeighbors(index: HnswIndex): string[] {
  const doubled: string[] = [];
  for (const element of index.elements.values()) {
    for (let layer = element.level; layer >= 0; layer--) {
      const seen = new Set<number>();
      for (const tid of neighborsAt(index, element, layer)) {
        if (seen.has(tidKey(tid))) {
          doubled.push(
            `element ${tidText(element.tid)} at layer ${layer} has neighbour ${tidText(tid)} twice`,
          );
        }
        seen.add(tidKey(tid));
      }
    }
  }
  return doubled;
}

function checkRows(index: HnswIndex): string[] {
  const faults: string[] = [];
  const holders = new Map<number, HnswElement>();
  for (const element of index.elements.values()) {
    for (const tid of element.heapTids) {
      const holder = holders.get(tidKey(tid));
      if (holder !== undefined) {
        faults.push(`row ${tidText(tid)} is in elements ${tidText(holder.tid)} and ${tidText(element.tid)}`);
      }
      holders.set(tidKey(tid), element);
    }
  }
  return faults;
}

/** The rows that an index holds, in the order of their addresses. */
export function heapTidsOf(index: HnswIndex): Tid[] {
  return [...index.elements.values()]
    .flatMap((element) => element.heapTids)
    .sort((a, b) => tidKey(a) - tidKey(b));
}

/** Elements that are neither deleted nor have rows: none after a vacuum that ended. */
export function emptyElements(index: HnswIndex): HnswElement[] {
  return [...index.elements.values()].filter((element) => !element.deleted && element.heapTids.length === 0);
}

/**
 * Elements with rows to which no way leads from the entry point. The algorithm allows a few: an element's
 * last incoming connection can be given to a nearer one.
 */
export function unreachableElements(index: HnswIndex): HnswElement[] {
  const reached = new Set<number>();
  const queue: Tid[] = index.meta.entry === undefined ? [] : [index.meta.entry];
  for (let tid = queue.pop(); tid !== undefined; tid = queue.pop()) {
    const element = index.elements.get(tidKey(tid));
    if (element === undefined || reached.has(tidKey(tid))) continue;
    reached.add(tidKey(tid));
    for (let layer = element.level; layer >= 0; layer--) queue.push(...neighborsAt(index, element, layer));
  }
  return [...index.elements.values()].filter(
    (element) => element.heapTids.length > 0 && !reached.has(tidKey(element.tid)),
  );
}
