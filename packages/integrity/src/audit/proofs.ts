/**
 * Inclusion and consistency proofs (RFC 6962 section 2.1, RFC 9162 sections 2.1.3 and 2.1.4). A proof is a list of hashes of 32
 * bytes; who verifies needs nothing but it, the roots and sizes, and for inclusion the record.
 */
import { checkInteger } from '../check.js';
import { checkBytes, equalBytes } from '../crypto/bytes.js';
import type { CryptoProvider } from '../crypto/provider.js';
import { IntegrityError } from '../errors.js';
import {
  emptyRoot,
  foldNodes,
  hashBytes,
  hashChildren,
  rangeNodes,
  splitSize,
  type TreeNode,
} from './merkle.js';

/** The leaves [from, to) whose root is one hash of a proof. */
interface LeafRange {
  readonly from: number;
  readonly to: number;
}

/** What a proof needs, before anything is read: a list of hashes, each folded from nodes of the tree. */
export type ProofPlan = readonly (readonly TreeNode[])[];

/** No tree of up to 2^53 leaves has longer paths. */
const maxProofHashes = 2 * 53;

/** A node's hash, from where the tree is kept. */
export type NodeSource = (node: TreeNode) => Uint8Array;

function plan(ranges: readonly LeafRange[]): ProofPlan {
  return ranges.map(({ from, to }) => rangeNodes(from, to));
}

/** PATH(index, D[size]) of RFC 9162 section 2.1.3.1, as ranges, from the leaf's sibling up. */
export function inclusionPlan(index: number, size: number): ProofPlan {
  checkInteger(size, 'size', 1, Number.MAX_SAFE_INTEGER);
  checkInteger(index, 'index', 0, size - 1);
  const ranges: LeafRange[] = [];
  let from = 0;
  let to = size;
  while (to - from > 1) {
    const middle = from + splitSize(to - from);
    if (index < middle) {
      ranges.push({ from: middle, to });
      to = middle;
    } else {
      ranges.push({ from, to: middle });
      from = middle;
    }
  }
  return plan(ranges.reverse());
}

/** PROOF(first, D[second]) of RFC 9162 section 2.1.4.1, as ranges. Empty when first is 0 or second. */
export function consistencyPlan(first: number, second: number): ProofPlan {
  checkInteger(second, 'second', 0, Number.MAX_SAFE_INTEGER);
  checkInteger(first, 'first', 0, second);
  if (first === 0 || first === second) return [];
  const ranges: LeafRange[] = [];
  let from = 0;
  let to = second;
  // SUBPROOF's flag: whether D[from:first] is a tree that the verifier has as the root of `first`.
  let known = true;
  while (first < to) {
    const middle = from + splitSize(to - from);
    if (first <= middle) {
      ranges.push({ from: middle, to });
      to = middle;
    } else {
      ranges.push({ from, to: middle });
      from = middle;
      known = false;
    }
  }
  if (!known) ranges.push({ from, to });
  return plan(ranges.reverse());
}

/** The hashes of a proof. */
export function carryOut(proof: ProofPlan, node: NodeSource, crypto: CryptoProvider): readonly Uint8Array[] {
  return proof.map((nodes) => foldNodes(nodes.map(node), crypto));
}

function fail(message: string): never {
  throw new IntegrityError('ERR_INTEGRITY_PROOF', message);
}

function checkProof(proof: readonly Uint8Array[]): void {
  if (!Array.isArray(proof) || proof.length > maxProofHashes)
    fail(`a proof is an array of at most ${maxProofHashes} hashes`);
  for (const [i, hash] of proof.entries())
    checkBytes(hash, `proof[${i}]`, { length: hashBytes }, 'ERR_INTEGRITY_PROOF');
}

/** A leaf and a tree that is said to have it. */
export interface InclusionClaim {
  /** The place of the leaf, from 0. */
  readonly index: number;
  /** Leaves of the tree. */
  readonly size: number;
  /** `hashLeaf` of the record. */
  readonly leafHash: Uint8Array;
  /** The root of the tree. */
  readonly root: Uint8Array;
  readonly proof: readonly Uint8Array[];
}

/**
 * Verifies that a tree has a leaf at a place: RFC 9162 section 2.1.3.2. O(log n).
 *
 * @throws IntegrityError `ERR_INTEGRITY_PROOF` when it does not follow
 * @example
 * verifyInclusion({ index: 7, size: 20, leafHash: hashLeaf(record, crypto), root, proof }, crypto);
 */
export function verifyInclusion(claim: InclusionClaim, crypto: CryptoProvider): void {
  const { index, size, leafHash, root, proof } = claim;
  checkInteger(size, 'size', 1, Number.MAX_SAFE_INTEGER);
  checkInteger(index, 'index', 0, size - 1);
  checkBytes(leafHash, 'leafHash', { length: hashBytes });
  checkBytes(root, 'root', { length: hashBytes });
  checkProof(proof);
  let fn = index;
  let sn = size - 1;
  let hash = leafHash;
  for (const sibling of proof) {
    if (sn === 0) fail('the inclusion proof is longer than the path to the root');
    if (fn % 2 === 1 || fn === sn) {
      hash = hashChildren(sibling, hash, crypto);
      while (fn % 2 === 0 && fn !== 0) {
        fn /= 2;
        sn = Math.floor(sn / 2);
      }
    } else {
      hash = hashChildren(hash, sibling, crypto);
    }
    fn = Math.floor(fn / 2);
    sn = Math.floor(sn / 2);
  }
  if (sn !== 0) fail('the inclusion proof is shorter than the path to the root');
  if (!equalBytes(hash, root))
    fail(`the inclusion proof of leaf ${index} does not lead to the root of the tree of size ${size}`);
}

/** Two trees, the second said to be the first with more leaves. */
export interface ConsistencyClaim {
  /** Leaves of the earlier tree. */
  readonly first: number;
  /** Leaves of the later tree; not less than `first`. */
  readonly second: number;
  readonly firstRoot: Uint8Array;
  readonly secondRoot: Uint8Array;
  readonly proof: readonly Uint8Array[];
}

/**
 * Verifies that a tree begins with all leaves of an earlier one, in order: RFC 9162 section 2.1.4.2. O(log n).
 *
 * Every tree begins with the empty one; the proof is then empty, and the empty tree's root is checked.
 *
 * @throws IntegrityError `ERR_INTEGRITY_PROOF` when it does not follow
 */
export function verifyConsistency(claim: ConsistencyClaim, crypto: CryptoProvider): void {
  const { first, second, firstRoot, secondRoot, proof } = claim;
  checkInteger(second, 'second', 0, Number.MAX_SAFE_INTEGER);
  checkInteger(first, 'first', 0, second);
  checkBytes(firstRoot, 'firstRoot', { length: hashBytes });
  checkBytes(secondRoot, 'secondRoot', { length: hashBytes });
  checkProof(proof);
  if (first === second) {
    if (proof.length > 0) fail('trees of one size need no hashes in a proof');
    if (!equalBytes(firstRoot, secondRoot)) fail(`two trees of size ${first} have different roots`);
    return;
  }
  if (first === 0) {
    if (proof.length > 0) fail('the empty tree needs no hashes in a proof');
    if (!equalBytes(firstRoot, emptyRoot(crypto))) fail('this is not the root of the empty tree');
    return;
  }
  const hashes = [...proof];
  let fn = first - 1;
  let sn = second - 1;
  while (fn % 2 === 1) {
    fn = (fn - 1) / 2;
    sn = Math.floor(sn / 2);
  }
  // If `first` is a power of two its root is a node of the second tree, and is not in the proof.
  const start = fn === 0 ? firstRoot : hashes.shift();
  if (start === undefined) fail('the consistency proof is empty');
  let older = start;
  let newer = start;
  for (const hash of hashes) {
    if (sn === 0) fail('the consistency proof is longer than the path to the root');
    if (fn % 2 === 1 || fn === sn) {
      older = hashChildren(hash, older, crypto);
      newer = hashChildren(hash, newer, crypto);
      while (fn % 2 === 0 && fn !== 0) {
        fn /= 2;
        sn = Math.floor(sn / 2);
      }
    } else {
      newer = hashChildren(newer, hash, crypto);
    }
    fn = Math.floor(fn / 2);
    sn = Math.floor(sn / 2);
  }
  if (sn !== 0) fail('the consistency proof is shorter than the path to the root');
  if (!equalBytes(older, firstRoot))
    fail(`the consistency proof does not lead to the root of the tree of size ${first}`);
  if (!equalBytes(newer, secondRoot))
    fail(`the consistency proof does not lead to the root of the tree of size ${second}`);
}
