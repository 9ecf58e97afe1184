/**
 * The tree of a log, kept so that appending costs O(log n), proofs cost little, and memory does not grow by a hash a record.
 *
 * Nodes of level 8 and above are kept: 64 bytes for 256 records. What lies below is hashed again from the records, at most 256 of
 * them for each of the few places where a proof dips that low. It is the division into tiles of height 8 that C2SP's tlog-tiles
 * and Go's checksum database use, with the records themselves in place of the lowest tiles.
 */
import { checkInteger } from '../check.js';
import { concatBytes } from '../crypto/bytes.js';
import type { CryptoProvider } from '../crypto/provider.js';
import { IntegrityError } from '../errors.js';
import {
  CompactTree,
  foldNodes,
  hashBytes,
  hashChildren,
  hashLeaf,
  rangeNodes,
  type TreeNode,
} from './merkle.js';
import { carryOut, consistencyPlan, inclusionPlan, type NodeSource, type ProofPlan } from './proofs.js';

/** The lowest level that is kept, and how many records a node of it stands for. */
const keptLevel = 8;
const tileRecords = 2 ** keptLevel;

/** Records of a log by place; at least one unless `from` is the end, and none past `to`. */
export type RecordSource = (from: number, to: number) => Promise<readonly Uint8Array[]>;

/** Hashes of one level, in one array that doubles. */
class Level {
  #bytes: Uint8Array = new Uint8Array(4 * hashBytes);
  #count = 0;

  push(hash: Uint8Array): void {
    const at = this.#count * hashBytes;
    if (at === this.#bytes.length) this.#bytes = concatBytes(this.#bytes, new Uint8Array(at));
    this.#bytes.set(hash, at);
    this.#count++;
  }

  get(index: number): Uint8Array | undefined {
    return index < this.#count ? this.#bytes.subarray(index * hashBytes, (index + 1) * hashBytes) : undefined;
  }
}

/** Grows by records and proves what it has. */
export class LogTree {
  readonly #crypto: CryptoProvider;
  readonly #compact: CompactTree;
  readonly #levels: Level[] = [];

  constructor(crypto: CryptoProvider) {
    this.#crypto = crypto;
    this.#compact = new CompactTree(crypto);
  }

  get size(): number {
    return this.#compact.size;
  }

  /** Adds a record. */
  append(record: Uint8Array): void {
    this.#compact.append(hashLeaf(record, this.#crypto), (level, hash) => {
      if (level < keptLevel) return;
      let kept = this.#levels[level - keptLevel];
      if (kept === undefined) {
        kept = new Level();
        this.#levels.push(kept);
      }
      kept.push(hash);
    });
  }

  root(): Uint8Array {
    return this.#compact.root();
  }

  /** The root when the log had `size` records. */
  async rootAt(size: number, records: RecordSource): Promise<Uint8Array> {
    checkInteger(size, 'size', 0, this.size);
    if (size === this.size) return this.root();
    const nodes = rangeNodes(0, size);
    const source = await this.#read([nodes], records);
    return Uint8Array.from(foldNodes(nodes.map(source), this.#crypto));
  }

  /** @returns the hashes of an inclusion proof, each 32 bytes, from the leaf's sibling up */
  async proveInclusion(index: number, size: number, records: RecordSource): Promise<readonly Uint8Array[]> {
    checkInteger(size, 'size', 1, this.size);
    return this.#prove(inclusionPlan(index, size), records);
  }

  /** @returns the hashes of a consistency proof, each 32 bytes */
  async proveConsistency(
    first: number,
    second: number,
    records: RecordSource,
  ): Promise<readonly Uint8Array[]> {
    checkInteger(second, 'second', 0, this.size);
    return this.#prove(consistencyPlan(first, second), records);
  }

  async #prove(proof: ProofPlan, records: RecordSource): Promise<readonly Uint8Array[]> {
    const source = await this.#read(proof, records);
    return carryOut(proof, source, this.#crypto).map((hash) => Uint8Array.from(hash));
  }

  /** Reads the records below the kept levels that a proof needs. */
  async #read(proof: ProofPlan, records: RecordSource): Promise<NodeSource> {
    const tiles = new Map<number, readonly Uint8Array[]>();
    for (const { level, index } of proof.flat()) {
      if (level >= keptLevel) continue;
      const tile = Math.floor((index * 2 ** level) / tileRecords);
      if (!tiles.has(tile)) tiles.set(tile, await this.#leaves(tile, records));
    }
    return (node) => this.#node(node, tiles);
  }

  /** Hashes of the records of a tile, as many as there are. */
  async #leaves(tile: number, records: RecordSource): Promise<readonly Uint8Array[]> {
    const leaves: Uint8Array[] = [];
    const from = tile * tileRecords;
    const to = Math.min(from + tileRecords, this.size);
    while (from + leaves.length < to) {
      const read = await records(from + leaves.length, to);
      if (read.length === 0)
        throw new IntegrityError(
          'ERR_INTEGRITY_STORE',
          `the store has no record ${from + leaves.length}, and the log has ${this.size}`,
        );
      for (const record of read) leaves.push(hashLeaf(record, this.#crypto));
    }
    return leaves;
  }

  #node({ level, index }: TreeNode, tiles: ReadonlyMap<number, readonly Uint8Array[]>): Uint8Array {
    if (level >= keptLevel) return this.#levels[level - keptLevel]?.get(index) as Uint8Array;
    const first = index * 2 ** level;
    let hashes = (tiles.get(Math.floor(first / tileRecords)) as readonly Uint8Array[]).slice(
      first % tileRecords,
      (first % tileRecords) + 2 ** level,
    );
    while (hashes.length > 1) {
      const above: Uint8Array[] = [];
      for (let i = 0; i < hashes.length; i += 2)
        above.push(hashChildren(hashes[i] as Uint8Array, hashes[i + 1] as Uint8Array, this.#crypto));
      hashes = above;
    }
    return hashes[0] as Uint8Array;
  }
}
