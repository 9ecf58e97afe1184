/**
 * The Merkle tree of Certificate Transparency (RFC 6962 section 2.1, RFC 9162 section 2.1.1).
 *
 * The tree of n leaves splits at the largest power of two below n. So its complete subtrees never change when leaves are
 * added, and a node (level, index) stands for the leaves [index * 2^level, (index + 1) * 2^level). Any root, and any hash in a
 * proof, is folded from a few of these nodes. Sizes are up to 2^53 - 1, hence divisions instead of shifts of 32 bits.
 */
import { checkInteger } from '../check.js';
import { checkBytes } from '../crypto/bytes.js';
import type { CryptoProvider } from '../crypto/provider.js';

/** Bytes of a hash. */
export const hashBytes = 32;

/** SHA-256(0x00 || record). The prefix keeps a leaf from being taken for a node (RFC 6962 section 2.1). */
export function hashLeaf(record: Uint8Array, crypto: CryptoProvider): Uint8Array {
  const input = new Uint8Array(1 + record.length);
  input.set(record, 1);
  return crypto.sha256(input);
}

/** SHA-256(0x01 || left || right). */
export function hashChildren(left: Uint8Array, right: Uint8Array, crypto: CryptoProvider): Uint8Array {
  const input = new Uint8Array(1 + 2 * hashBytes);
  input[0] = 1;
  input.set(left, 1);
  input.set(right, 1 + hashBytes);
  return crypto.sha256(input);
}

/** The root of no leaves: SHA-256 of nothing. */
export function emptyRoot(crypto: CryptoProvider): Uint8Array {
  return crypto.sha256(new Uint8Array(0));
}

/** The root of a subtree of 2^level leaves that starts at index * 2^level. */
export interface TreeNode {
  readonly level: number;
  readonly index: number;
}

/** The largest power of two that is less than `size`, which is at least 2. */
export function splitSize(size: number): number {
  let k = 1;
  while (2 * k < size) k *= 2;
  return k;
}

/**
 * The complete subtrees that [from, to) consists of, left to right: sizes fall, as in the binary digits of to - from.
 * `from` is a multiple of a power of two that is at least to - from, or 0, as for every range that the RFC's functions take.
 */
export function rangeNodes(from: number, to: number): readonly TreeNode[] {
  const nodes: TreeNode[] = [];
  let at = from;
  while (at < to) {
    let level = 0;
    let width = 1;
    while (2 * width <= to - at) {
      width *= 2;
      level++;
    }
    nodes.push({ level, index: at / width });
    at += width;
  }
  return nodes;
}

/** MTH(D[from:to]) of the hashes of `rangeNodes(from, to)`. */
export function foldNodes(hashes: readonly Uint8Array[], crypto: CryptoProvider): Uint8Array {
  let root = hashes[hashes.length - 1];
  if (root === undefined) return emptyRoot(crypto);
  for (let i = hashes.length - 2; i >= 0; i--) root = hashChildren(hashes[i] as Uint8Array, root, crypto);
  return root;
}

/**
 * Computes roots of a growing tree in O(log n) memory: the hashes of `rangeNodes(0, size)`, one for each set bit of the size.
 *
 * @example
 * const tree = new CompactTree(defaultCrypto());
 * for (const record of records) tree.append(hashLeaf(record, crypto));
 * tree.root(); // what a checkpoint of tree.size says
 */
export class CompactTree {
  readonly #crypto: CryptoProvider;
  readonly #nodes: Uint8Array[] = [];
  #size = 0;

  constructor(crypto: CryptoProvider) {
    this.#crypto = crypto;
  }

  /** Leaves. */
  get size(): number {
    return this.#size;
  }

  /**
   * Adds a leaf's hash. O(log n), O(1) on average.
   *
   * @param onNode is told every subtree that the leaf completes above level 0, lowest first
   */
  append(leafHash: Uint8Array, onNode?: (level: number, hash: Uint8Array) => void): void {
    checkBytes(leafHash, 'leafHash', { length: hashBytes });
    checkInteger(this.#size, 'size', 0, Number.MAX_SAFE_INTEGER - 1);
    let hash = leafHash;
    let level = 0;
    for (let rest = this.#size; rest % 2 === 1; rest = (rest - 1) / 2) {
      hash = hashChildren(this.#nodes.pop() as Uint8Array, hash, this.#crypto);
      onNode?.(++level, hash);
    }
    this.#nodes.push(hash);
    this.#size++;
  }

  /** The root, 32 bytes. O(log n). */
  root(): Uint8Array {
    return Uint8Array.from(foldNodes(this.#nodes, this.#crypto));
  }
}
