/**
 * An index as named sections of bytes, and back.
 *
 * | section | what |
 * |---|---|
 * | `meta` | JSON: settings, counts, the entry point, the state of the random numbers, what calibration measured |
 * | `vectors`, `states`, `serials`, `keys` | arrays of the store up to `end`; of string keys their ends in `strings` |
 * | `strings` | string keys in UTF-8, one after the other |
 * | `links`, `levels`, `upperAt`, `upper` | arrays of the graph |
 *
 * Elements are little-endian. Sections may come from anywhere: nothing is believed before it was compared, and a section
 * that does not fit the others is `ERR_HNSW_CORRUPT`.
 */
import type { IndexSettings } from '../backend.js';
import { checkKey } from '../check.js';
import { HnswError } from '../errors.js';
import type { Effort } from './calibrate.js';
import { Graph, none } from './graph.js';
import { inspect } from './inspect.js';
import { atOnce } from './long.js';
import { Space } from './space.js';
import { free, type Key, live, Store } from './store.js';

export interface Parts {
  readonly settings: IndexSettings;
  readonly store: Store;
  readonly graph: Graph | undefined;
  readonly choice: string | undefined;
  readonly efforts: readonly Effort[] | undefined;
}

export type Sections = ReadonlyMap<string, Uint8Array>;

interface Meta {
  readonly settings: IndexSettings;
  readonly choice: string | null;
  readonly end: number;
  readonly nextSerial: number;
  readonly entry: number | null;
  readonly upperEnd: number;
  readonly random: readonly number[] | null;
  /** An exact search has no number of candidates. */
  readonly efforts: readonly { readonly ef: number | null; readonly recall: number }[] | null;
}

type Words = Float64Array | Uint32Array | BigInt64Array | Store['vectors'];

const isLittle = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1;

/** Bytes of elements, the lowest first. */
function bytesOf(words: Words): Uint8Array {
  const bytes = new Uint8Array(words.buffer, words.byteOffset, words.byteLength).slice();
  if (!isLittle) swap(bytes, words.BYTES_PER_ELEMENT);
  return bytes;
}

function swap(bytes: Uint8Array, width: number): void {
  for (let i = 0; i < bytes.length; i += width) bytes.subarray(i, i + width).reverse();
}

/** Sections of an index; copies. O(bytes). */
export function toSections({ settings, store, graph, choice, efforts }: Parts): Sections {
  const { end } = store;
  const meta: Meta = {
    settings,
    choice: choice ?? null,
    end,
    nextSerial: store.nextSerial,
    entry: graph === undefined || graph.entry === none ? null : graph.entry,
    upperEnd: graph?.upperEnd ?? 0,
    random: graph === undefined ? null : [...graph.random.state],
    efforts: efforts?.map(({ ef, recall }) => ({ ef: Number.isFinite(ef) ? ef : null, recall })) ?? null,
  };
  const sections = new Map<string, Uint8Array>([
    ['meta', new TextEncoder().encode(JSON.stringify(meta))],
    ['vectors', bytesOf(store.vectors.subarray(0, end * store.space.width))],
    ['states', store.states.slice(0, end)],
    ['serials', bytesOf(store.serials.subarray(0, end))],
  ]);
  if (store.keyType === 'string') {
    const parts: Uint8Array[] = [];
    const ends = new Float64Array(end);
    let total = 0;
    for (let slot = 0; slot < end; slot++) {
      const part = store.isLive(slot)
        ? new TextEncoder().encode(store.keyAt(slot) as string)
        : new Uint8Array(0);
      parts.push(part);
      total += part.length;
      ends[slot] = total;
    }
    sections.set('keys', bytesOf(ends));
    sections.set('strings', Buffer.concat(parts));
  } else sections.set('keys', bytesOf((store.keys as Float64Array | BigInt64Array).subarray(0, end)));
  if (graph !== undefined) {
    sections.set('links', bytesOf(graph.links.subarray(0, end * (1 + graph.limit(0)))));
    sections.set('levels', graph.levels.slice(0, end));
    sections.set('upperAt', bytesOf(graph.upperAt.subarray(0, end)));
    sections.set('upper', bytesOf(graph.upper.subarray(0, graph.upperEnd * (1 + graph.m))));
  }
  return sections;
}

function corrupt(what: string, cause?: unknown): HnswError {
  return new HnswError('ERR_HNSW_CORRUPT', `the index is damaged: ${what}`, { cause });
}

class Reader {
  readonly #sections: Sections;

  constructor(sections: Sections) {
    this.#sections = sections;
  }

  bytes(name: string, length?: number): Uint8Array {
    const bytes = this.#sections.get(name);
    if (bytes === undefined) throw corrupt(`there is no section ${name}`);
    if (length !== undefined && bytes.length !== length) {
      throw corrupt(`section ${name} has ${bytes.length} bytes, and should have ${length}`);
    }
    return bytes;
  }

  /** Fills an array from its beginning with `count` elements, which is what the section has to have. */
  into(name: string, words: Words, count: number): void {
    const width = words.BYTES_PER_ELEMENT;
    const bytes = this.bytes(name, count * width).slice();
    if (!isLittle) swap(bytes, width);
    new Uint8Array(words.buffer, words.byteOffset, words.byteLength).set(bytes);
  }

  meta(): Meta {
    try {
      const meta = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(this.bytes('meta'))) as Meta;
      if (typeof meta === 'object' && meta !== null) return meta;
    } catch (cause) {
      throw corrupt('section meta is no JSON', cause);
    }
    throw corrupt('section meta is no object');
  }
}

function isCount(value: unknown, most: number): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= most;
}

function readKeys(reader: Reader, store: Store): void {
  const { keyType, end } = store;
  if (keyType !== 'string') {
    reader.into('keys', store.keys as Float64Array | BigInt64Array, end);
    return;
  }
  const ends = new Float64Array(end);
  reader.into('keys', ends, end);
  const strings = reader.bytes(
    'strings',
    end === 0 ? 0 : isCount(ends[end - 1], 2 ** 52) ? ends[end - 1] : -1,
  );
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  for (let slot = 0; slot < end; slot++) {
    const from = slot === 0 ? 0 : ends[slot - 1];
    if (!isCount(ends[slot], strings.length) || ends[slot] < from) throw corrupt(`key ${slot} has no end`);
    try {
      store.keys[slot] = decoder.decode(strings.subarray(from, ends[slot]));
    } catch (cause) {
      throw corrupt(`key ${slot} is no UTF-8`, cause);
    }
  }
}

function readStore(reader: Reader, settings: IndexSettings, meta: Meta): Store {
  const space = new Space(settings);
  const { end, nextSerial } = meta;
  // What there is tells what there can be, before anything is allocated for it.
  if (!isCount(end, reader.bytes('states').length)) throw corrupt('the number of slots is none');
  reader.bytes('vectors', end * space.rowBytes);
  reader.bytes('states', end);
  if (!isCount(nextSerial, Number.MAX_SAFE_INTEGER)) throw corrupt('the next serial is none');
  const store = new Store(space, settings.keyType, Math.max(1, end));
  store.end = end;
  store.nextSerial = nextSerial;
  reader.into('vectors', store.vectors, end * space.width);
  reader.into('serials', store.serials, end);
  readKeys(reader, store);
  const states = reader.bytes('states', end);
  const serials = new Set<number>();
  for (let slot = 0; slot < end; slot++) {
    if (states[slot] > 2) throw corrupt(`slot ${slot} has state ${states[slot]}`);
    store.states[slot] = states[slot];
    if (states[slot] === free) store.freeSlots.push(slot);
    else if (states[slot] !== live) store.deadCount++;
    else {
      let key: Key;
      try {
        key = checkKey('fromSections', settings.keyType, store.keyAt(slot));
      } catch (cause) {
        throw corrupt(`slot ${slot} has no key`, cause);
      }
      if (store.slotOf.has(key)) throw corrupt(`slot ${slot} has the key of another`);
      const serial = store.serials[slot];
      if (!(serial < nextSerial) || serials.has(serial))
        throw corrupt(`slot ${slot} has no serial of its own`);
      serials.add(serial);
      store.appear(slot);
    }
  }
  return store;
}

function readGraph(reader: Reader, { m, seed }: IndexSettings, meta: Meta, store: Store): Graph {
  const { end } = store;
  const graph = new Graph(m, seed, store.capacity);
  reader.into('links', graph.links, end * (1 + graph.limit(0)));
  reader.into('upperAt', graph.upperAt, end);
  graph.levels.set(reader.bytes('levels', end));
  if (!isCount(meta.upperEnd, reader.bytes('upper').length))
    throw corrupt('the number of upper links is none');
  reader.bytes('upper', 4 * meta.upperEnd * (1 + m));
  graph.upper = new Uint32Array(meta.upperEnd * (1 + m));
  graph.upperEnd = meta.upperEnd;
  reader.into('upper', graph.upper, graph.upper.length);
  if (!Array.isArray(meta.random) || meta.random.length !== 4)
    throw corrupt('there is no state of random numbers');
  graph.random.state.set(meta.random as number[]);
  if (graph.random.state.every((word) => word === 0)) throw corrupt('random numbers have no state');
  if (meta.entry !== null && !isCount(meta.entry, end - 1)) throw corrupt('the entry point is no slot');
  graph.entry = meta.entry ?? none;
  // Runs of upper links: none is of two nodes.
  const owned = new Uint8Array(meta.upperEnd);
  for (let slot = 0; slot < end; slot++) {
    const level = store.states[slot] === free ? 0 : graph.levels[slot];
    for (let run = graph.upperAt[slot]; run < graph.upperAt[slot] + level; run++) {
      if (run >= meta.upperEnd || owned[run] === 1)
        throw corrupt(`node ${slot} has no upper links of its own`);
      owned[run] = 1;
    }
  }
  // What is left over is one run each; a node of level 1 fits into it.
  graph.freeUpper[1] = [];
  for (let run = 0; run < owned.length; run++) if (owned[run] === 0) graph.freeUpper[1].push(run);
  return graph;
}

/**
 * The index that {@link toSections} was given. O(bytes).
 *
 * @param readSettings checks settings as those of a new index
 * @throws {HnswError} `ERR_HNSW_CORRUPT`, `ERR_HNSW_MEMORY`
 */
export function fromSections(
  sections: Sections,
  readSettings: (options: IndexSettings) => IndexSettings,
): Parts {
  const reader = new Reader(sections);
  const meta = reader.meta();
  let settings: IndexSettings;
  try {
    settings = readSettings(meta.settings);
  } catch (cause) {
    throw corrupt('its settings are none', cause);
  }
  const store = readStore(reader, settings, meta);
  const graph = meta.random === null ? undefined : readGraph(reader, settings, meta, store);
  const { ok, problems } = atOnce(inspect(() => ({ store, graph })));
  if (!ok) throw corrupt(problems[0]);
  if (meta.choice !== null && typeof meta.choice !== 'string') throw corrupt('its choice is no text');
  let efforts: Effort[] | undefined;
  if (meta.efforts !== null) {
    if (!Array.isArray(meta.efforts) || meta.efforts.length === 0)
      throw corrupt('what it measured is no list');
    efforts = meta.efforts.map(({ ef, recall }) => ({ ef: ef ?? Number.POSITIVE_INFINITY, recall }));
    const isRight = ({ ef, recall }: Effort) => ef > 0 && recall >= 0 && recall <= 1;
    if (!efforts.every(isRight) || efforts.at(-1)!.recall !== 1) throw corrupt('what it measured is wrong');
  }
  return { settings, store, graph, choice: meta.choice ?? undefined, efforts };
}
