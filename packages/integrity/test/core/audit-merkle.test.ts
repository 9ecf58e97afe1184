import { describe, expect, it } from 'vitest';
import { carryOut, consistencyPlan, inclusionPlan } from '../../src/audit/proofs.js';
import { concatBytes, fromBase64, fromHex, toHex } from '../../src/crypto/bytes.js';
import { ascii } from '../../src/crypto/utf8.js';
import {
  CompactTree,
  defaultCrypto,
  emptyRoot,
  hashChildren,
  hashLeaf,
  LogTree,
  verifyConsistency,
  verifyInclusion,
} from '../../src/index.js';
import { codeOf } from '../support/audit-fixture.js';
import { Random } from '../support/random.js';
import { scale } from '../support/scale.js';

const crypto = defaultCrypto();
/** Every size up to this one is tried with every other. */
const most = scale(64) === 64 ? 64 : 9;

const records = Array.from({ length: 64 }, (_, i) => ascii(`record ${i}`));

// The recursive definitions of RFC 6962 section 2.1, word for word: the oracle.

function split(n: number): number {
  let k = 1;
  while (k * 2 < n) k *= 2;
  return k;
}

const roots = new Map<string, Uint8Array>();

/** MTH(D[from:to]). */
function mth(from: number, to: number): Uint8Array {
  const key = `${from} ${to}`;
  const known = roots.get(key);
  if (known !== undefined) return known;
  const n = to - from;
  const root =
    n === 0
      ? crypto.sha256(new Uint8Array(0))
      : n === 1
        ? crypto.sha256(concatBytes(Uint8Array.of(0), records[from] as Uint8Array))
        : crypto.sha256(concatBytes(Uint8Array.of(1), mth(from, from + split(n)), mth(from + split(n), to)));
  roots.set(key, root);
  return root;
}

/** PATH(m, D[from:to]). */
function path(m: number, from: number, to: number): readonly Uint8Array[] {
  const n = to - from;
  if (n === 1) return [];
  const k = split(n);
  return m < k
    ? [...path(m, from, from + k), mth(from + k, to)]
    : [...path(m - k, from + k, to), mth(from, from + k)];
}

/** SUBPROOF(m, D[from:to], b). */
function subproof(m: number, from: number, to: number, b: boolean): readonly Uint8Array[] {
  const n = to - from;
  if (m === n) return b ? [] : [mth(from, to)];
  const k = split(n);
  return m <= k
    ? [...subproof(m, from, from + k, b), mth(from + k, to)]
    : [...subproof(m - k, from + k, to, false), mth(from, from + k)];
}

function node({ level, index }: { readonly level: number; readonly index: number }): Uint8Array {
  return mth(index * 2 ** level, (index + 1) * 2 ** level);
}

function hex(hashes: readonly Uint8Array[]): readonly string[] {
  return hashes.map(toHex);
}

/** Ways to spoil a proof. */
function* spoiled(proof: readonly Uint8Array[]): Generator<readonly Uint8Array[]> {
  for (let i = 0; i < proof.length; i++) {
    const changed = proof.map((hash) => Uint8Array.from(hash));
    (changed[i] as Uint8Array)[i % 32] = ((changed[i] as Uint8Array)[i % 32] as number) ^ 1;
    yield changed;
    yield proof.filter((_, at) => at !== i);
    yield [...proof.slice(0, i), proof[i] as Uint8Array, ...proof.slice(i)];
  }
  yield [...proof, new Uint8Array(32)];
  yield [new Uint8Array(32), ...proof];
}

describe('the hashes of the tree', () => {
  it('are those of RFC 6962', () => {
    expect(toHex(emptyRoot(crypto))).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
    expect(toHex(hashLeaf(new Uint8Array(0), crypto))).toBe(
      '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
    );
    expect(toHex(hashLeaf(ascii('L123456'), crypto))).toBe(
      '395aa064aa4c29f7010acfe3f25db9485bbd4b91897b6ad7ad547639252b4d56',
    );
  });

  it('of the eight leaves of the Certificate Transparency tests have the published roots', () => {
    const leaves = [
      '',
      '00',
      '10',
      '2021',
      '3031',
      '40414243',
      '5051525354555657',
      '606162636465666768696a6b6c6d6e6f',
    ];
    const published = [
      'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
      '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
      'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
      'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
      'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
      '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
      '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
      'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
      '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
    ];
    const tree = new CompactTree(crypto);
    for (const [size, root] of published.entries()) {
      expect(toHex(tree.root())).toBe(root);
      if (size < leaves.length) tree.append(hashLeaf(fromHex(leaves[size] as string) as Uint8Array, crypto));
    }
  });

  it('do not take a leaf of two joined hashes for a node', () => {
    const [a, b] = [hashLeaf(ascii('Hello'), crypto), hashLeaf(ascii('World'), crypto)];
    expect(toHex(hashChildren(a, b, crypto))).not.toBe(toHex(hashLeaf(concatBytes(a, b), crypto)));
    expect(toHex(hashChildren(a, b, crypto))).not.toBe(toHex(hashChildren(b, a, crypto)));
  });
});

describe('a tree that grows', () => {
  it(`has the root of the definition at every size up to ${most}`, () => {
    const tree = new CompactTree(crypto);
    for (let size = 0; size <= most; size++) {
      expect(tree.size).toBe(size);
      expect(toHex(tree.root())).toBe(toHex(mth(0, size)));
      if (size < most) tree.append(hashLeaf(records[size] as Uint8Array, crypto));
    }
  });
});

describe('an inclusion proof', () => {
  it('is PATH of the RFC, and verifies, for every leaf of every size', () => {
    for (let size = 1; size <= most; size++)
      for (let index = 0; index < size; index++) {
        const proof = carryOut(inclusionPlan(index, size), node, crypto);
        expect(hex(proof)).toEqual(hex(path(index, 0, size)));
        verifyInclusion({ index, size, leafHash: mth(index, index + 1), root: mth(0, size), proof }, crypto);
      }
  });

  it('does not verify for another leaf, place, size or root, nor with another hash', async () => {
    for (const size of [1, 2, 3, 5, 8, 13, most].filter((each) => each <= most))
      for (let index = 0; index < size; index += size < 14 ? 1 : 7) {
        const proof = path(index, 0, size);
        const claim = { index, size, leafHash: mth(index, index + 1), root: mth(0, size), proof };
        const wrong = [
          { ...claim, leafHash: hashLeaf(ascii('other'), crypto) },
          { ...claim, root: mth(0, size + 1 <= 64 ? size + 1 : size - 1) },
          ...Array.from({ length: size }, (_, other) => ({ ...claim, index: other })).filter(
            (each) => each.index !== index,
          ),
          ...[...spoiled(proof)].map((each) => ({ ...claim, proof: each })),
        ];
        for (const each of wrong)
          expect(await codeOf(() => verifyInclusion(each, crypto))).toBe('ERR_INTEGRITY_PROOF');
      }
  });

  it('is asked only for a leaf that is there', async () => {
    const leafHash = mth(0, 1);
    for (const [index, size] of [
      [0, 0],
      [1, 1],
      [-1, 1],
      [0.5, 1],
      [0, 2 ** 53],
    ] as const) {
      expect(await codeOf(() => inclusionPlan(index, size))).toBe('ERR_INTEGRITY_ARGUMENT');
      expect(
        await codeOf(() => verifyInclusion({ index, size, leafHash, root: leafHash, proof: [] }, crypto)),
      ).toBe('ERR_INTEGRITY_ARGUMENT');
    }
  });
});

describe('a consistency proof', () => {
  it('is SUBPROOF of the RFC, and verifies, for every pair of sizes', () => {
    for (let second = 0; second <= most; second++)
      for (let first = 0; first <= second; first++) {
        const proof = carryOut(consistencyPlan(first, second), node, crypto);
        if (first > 0) expect(hex(proof)).toEqual(hex(subproof(first, 0, second, true)));
        verifyConsistency(
          { first, second, firstRoot: mth(0, first), secondRoot: mth(0, second), proof },
          crypto,
        );
      }
  });

  it('does not verify for other roots or sizes, nor with another hash', async () => {
    const other = hashLeaf(ascii('other'), crypto);
    for (const second of [1, 2, 3, 6, 8, most])
      for (let first = 0; first <= second; first += second < 9 ? 1 : 5) {
        const proof = carryOut(consistencyPlan(first, second), node, crypto);
        const claim = { first, second, firstRoot: mth(0, first), secondRoot: mth(0, second), proof };
        const wrong = [
          { ...claim, firstRoot: other },
          // The empty tree is the beginning of every tree: there the second root is the caller's to check.
          ...(first === 0 && second > 0 ? [] : [{ ...claim, secondRoot: other }]),
          ...[...spoiled(proof)].map((each) => ({ ...claim, proof: each })),
          ...(first > 1 ? [{ ...claim, first: first - 1 }] : []),
          ...(first > 0 && first + 1 < second ? [{ ...claim, first: first + 1 }] : []),
        ];
        for (const each of wrong)
          expect(await codeOf(() => verifyConsistency(each, crypto))).toBe('ERR_INTEGRITY_PROOF');
      }
  });

  it('holds on the published case of 1 of 8 leaves', () => {
    const bytes = (text: string): Uint8Array => fromBase64(text) as Uint8Array;
    verifyConsistency(
      {
        first: 1,
        second: 8,
        firstRoot: bytes('bjQLnP+zepicpUTmu3gKLHiQHT+zNzh2hRGjBhevoB0='),
        secondRoot: bytes('XcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg='),
        proof: [
          'lqKW0iTyhcZ77pPDD4owkVfw2qNdxbh+QQt4YwoJz8c=',
          'Xwg/ChozygdqlSeYMlgNs+DvRYS9/x9UyKNg9Q3jAx4=',
          'a0eq8p7jwq+a+Im8H7klTavTEXfxYjLdaqsDXKOb9uQ=',
        ].map(bytes),
      },
      crypto,
    );
  });

  it('shows that an equal number of other records is not the same log', async () => {
    const fork = new CompactTree(crypto);
    for (let i = 0; i < 5; i++) fork.append(hashLeaf(ascii(`other ${i}`), crypto));
    const proof = carryOut(consistencyPlan(5, most), node, crypto);
    const claim = { first: 5, second: most, firstRoot: fork.root(), secondRoot: mth(0, most), proof };
    expect(await codeOf(() => verifyConsistency(claim, crypto))).toBe('ERR_INTEGRITY_PROOF');
  });
});

describe('the tree of a log', () => {
  it('proves from kept hashes and records what the definition says, across the borders of its tiles', async () => {
    const length = scale(1100) === 1100 ? 1100 : 262;
    const many = Array.from({ length }, (_, i) => ascii(`entry ${i}`));
    const tree = new LogTree(crypto);
    const compact = new CompactTree(crypto);
    const at = new Map<number, Uint8Array>();
    for (const record of many) {
      tree.append(record);
      compact.append(hashLeaf(record, crypto));
      at.set(compact.size, compact.root());
    }
    // In small helpings, as a store may give them.
    const source = async (from: number, to: number) => many.slice(from, Math.min(to, from + 37));
    const random = new Random(4);
    const borders = [
      1,
      2,
      255,
      256,
      257,
      length - 1,
      length,
      ...(length > 1000 ? [511, 512, 513, 1024] : []),
    ];
    for (const size of borders) {
      const root = at.get(size) as Uint8Array;
      expect(toHex(await tree.rootAt(size, source))).toBe(toHex(root));
      for (const index of [0, size - 1, random.below(size), random.below(size)]) {
        const proof = await tree.proveInclusion(index, size, source);
        const leafHash = hashLeaf(many[index] as Uint8Array, crypto);
        verifyInclusion({ index, size, leafHash, root, proof }, crypto);
      }
      for (const first of [1, size, 1 + random.below(size)]) {
        const proof = await tree.proveConsistency(first, size, source);
        verifyConsistency(
          { first, second: size, firstRoot: at.get(first) as Uint8Array, secondRoot: root, proof },
          crypto,
        );
      }
    }
  });

  it('says so when records that it needs are gone', async () => {
    const tree = new LogTree(crypto);
    for (const record of records) tree.append(record);
    expect(await codeOf(tree.proveInclusion(3, 64, async () => []))).toBe('ERR_INTEGRITY_STORE');
    expect(await codeOf(tree.proveInclusion(3, 65, async () => records))).toBe('ERR_INTEGRITY_ARGUMENT');
  });
});
