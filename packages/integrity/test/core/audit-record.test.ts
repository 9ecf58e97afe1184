import { describe, expect, it } from 'vitest';
import { classifyTail, RecordSplitter } from '../../src/audit/frames.js';
import { ascii, decodeUtf8, encodeUtf8 } from '../../src/crypto/utf8.js';
import {
  canonicalBytes,
  defaultCrypto,
  emptyHead,
  headAfter,
  joinRecords,
  maxRecordBytes,
  parseRecord,
  seal,
  splitRecords,
} from '../../src/index.js';
import { codeOf, failure, testSigner } from '../support/audit-fixture.js';
import { Random } from '../support/random.js';
import { scale } from '../support/scale.js';

const crypto = defaultCrypto();
const draft = {
  type: 'transition',
  at: 1_700_000_000_000,
  body: { to: 'stress', from: 'normal', lambda: 412_000 },
};
const first = seal(emptyHead, draft, testSigner(1), crypto);
const second = seal(headAfter(first), { ...draft, body: { text: 'ä\n"\\' } }, testSigner(1), crypto);
const unsigned = seal(headAfter(second), { ...draft, type: 'sample' }, undefined, crypto);

function textOf(bytes: Uint8Array): string {
  return decodeUtf8(bytes) as string;
}

describe('a sealed record', () => {
  it('has the bytes of format version 1', () => {
    expect(textOf(first.bytes)).toBe(
      '{"event":{"at":1700000000000,"body":{"from":"normal","lambda":412000,"to":"stress"},' +
        '"key":"34750f98bd59fcfc946da45aaabe933be154a4b5094e1c4abf42866505f3c97e",' +
        '"prev":"0000000000000000000000000000000000000000000000000000000000000000","seq":0,"type":"transition","v":1},' +
        '"sig":"7io+qBDAVgEG2ewsMCqlm6DiB4JzpNMT46trC8Pp45jrSAOUPldnkXrI2dVb1o8kLJX5kflwgzQqGmjBnDOYAA=="}',
    );
    expect(first.hash).toBe('388c267ad8caf87e7e18852aa714764622cebd843ae255e81720a618df5eee33');
    expect(textOf(unsigned.bytes)).toMatch(
      /^\{"event":\{"at":1700000000000,"body":\{[^}]*\},"prev":"[0-9a-f]{64}","seq":2,"type":"sample","v":1\}\}$/,
    );
  });

  it('is canonical as a whole, and comes back as it was', () => {
    for (const record of [first, second, unsigned]) {
      expect(canonicalBytes(JSON.parse(textOf(record.bytes)))).toEqual(record.bytes);
      const parsed = parseRecord(record.bytes);
      expect([parsed.seq, parsed.type, parsed.at, parsed.key]).toEqual([
        record.seq,
        record.type,
        record.at,
        record.key,
      ]);
    }
    expect(parseRecord(second.bytes)).toMatchObject({ prev: first.hash, body: { text: 'ä\n"\\' } });
    expect(parseRecord(unsigned.bytes).signature).toBeUndefined();
  });

  it('is signed over its event behind the prefix of events', () => {
    const { message, signature } = parseRecord(first.bytes);
    const event = canonicalBytes(JSON.parse(textOf(first.bytes)).event);
    expect(textOf(message)).toBe(`ruvector-integrity/event/v1\n${textOf(event)}`);
    const { publicKey } = testSigner(1);
    expect(crypto.ed25519Verify(publicKey, message, signature as Uint8Array)).toBe(true);
    expect(crypto.ed25519Verify(publicKey, event, signature as Uint8Array)).toBe(false);
  });

  it('is the same whenever it is sealed', () => {
    expect(seal(emptyHead, draft, testSigner(1), crypto)).toEqual(first);
  });
});

describe('sealing', () => {
  it('refuses what has no place in a record', async () => {
    const attempt = (change: object) =>
      codeOf(() => seal(emptyHead, { ...draft, ...change }, testSigner(1), crypto));
    for (const type of ['', 'Transition', 'a b', '1a', 'ä', 'x'.repeat(65), 7])
      expect(await attempt({ type })).toBe('ERR_INTEGRITY_ARGUMENT');
    for (const at of [-1, 0.5, NaN, '0', 2 ** 53]) expect(await attempt({ at })).toBe('ERR_INTEGRITY_CLOCK');
    for (const body of [[], null, 'x', undefined])
      expect(await attempt({ body })).toBe('ERR_INTEGRITY_ARGUMENT');
    expect(await attempt({ body: { lambda: 0.412 } })).toBe('ERR_INTEGRITY_CANONICAL');
  });

  it('fills a record to its limit and no further', async () => {
    const spare =
      maxRecordBytes - seal(emptyHead, { ...draft, body: { x: '' } }, testSigner(1), crypto).bytes.length;
    const full = seal(emptyHead, { ...draft, body: { x: 'y'.repeat(spare) } }, testSigner(1), crypto);
    expect(full.bytes).toHaveLength(maxRecordBytes);
    expect(parseRecord(full.bytes).seq).toBe(0);
    const over = { ...draft, body: { x: 'y'.repeat(spare + 1) } };
    expect(await codeOf(() => seal(emptyHead, over, testSigner(1), crypto))).toBe('ERR_INTEGRITY_LIMIT');
  });

  it('nests to its limit and no further', async () => {
    const nested = (depth: number): object => (depth === 0 ? {} : { a: nested(depth - 1) });
    const deep = (depth: number) => () =>
      seal(emptyHead, { ...draft, body: nested(depth) as never }, testSigner(1), crypto);
    expect(parseRecord(deep(29)().bytes).seq).toBe(0);
    expect(await codeOf(deep(30))).toBe('ERR_INTEGRITY_CANONICAL');
  });
});

describe('a record that is read', () => {
  it('must have exactly its fields, each of its kind', async () => {
    const good = JSON.parse(textOf(first.bytes)) as { event: Record<string, unknown>; sig: string };
    const variants: readonly object[] = [
      { ...good, extra: 1 },
      { event: good.event },
      { sig: good.sig },
      { ...good, event: [] },
      { ...good, sig: 5 },
      { ...good, sig: good.sig.slice(4) },
      { ...good, sig: `${good.sig.slice(0, -2)}A=` },
      { ...good, event: { ...good.event, extra: 1 } },
      { ...good, event: { ...good.event, v: 2 } },
      { ...good, event: { ...good.event, seq: -1 } },
      { ...good, event: { ...good.event, seq: '0' } },
      { ...good, event: { ...good.event, at: -1 } },
      { ...good, event: { ...good.event, type: 'A' } },
      { ...good, event: { ...good.event, prev: 'ab' } },
      { ...good, event: { ...good.event, key: 'AB'.repeat(32) } },
      { ...good, event: { ...good.event, body: [] } },
      { ...good, event: { ...good.event, body: null } },
    ];
    for (const variant of variants)
      expect(await codeOf(() => parseRecord(canonicalBytes(variant)))).toBe('ERR_INTEGRITY_LOG');
    for (const bytes of [ascii('{}'), ascii('[]'), ascii('1')])
      expect(await codeOf(() => parseRecord(bytes))).toBe('ERR_INTEGRITY_LOG');
    expect(await codeOf(() => parseRecord(new Uint8Array(maxRecordBytes + 1)))).toBe('ERR_INTEGRITY_LIMIT');
    expect(
      (await failure(() => parseRecord(canonicalBytes({ ...good, event: { ...good.event, v: 2 } }))))
        ?.message,
    ).toMatch(/use the version that wrote the log/);
  });
});

describe('records in a file', () => {
  const records = [first.bytes, second.bytes, unsigned.bytes];
  const file = joinRecords(records);

  it('are cut out again, however the bytes come', () => {
    const random = new Random(5);
    for (let round = 0; round < scale(200); round++) {
      const splitter = new RecordSplitter();
      const found: Uint8Array[] = [];
      for (let at = 0; at < file.length; ) {
        const end = Math.min(file.length, at + 1 + random.below(300));
        found.push(...splitter.push(file.slice(at, end)));
        at = end;
      }
      expect(found).toEqual(records);
      expect(splitter.rest).toHaveLength(0);
    }
  });

  it('are not kept in memory when a line never ends', () => {
    const splitter = new RecordSplitter();
    const lines: Uint8Array[] = [];
    for (let i = 0; i < 12; i++) lines.push(...splitter.push(new Uint8Array(100_000).fill(65)));
    expect(splitter.rest.length).toBeLessThanOrEqual(maxRecordBytes);
    expect(lines.length).toBeGreaterThan(3);
    for (const line of lines) expect(line).toHaveLength(maxRecordBytes + 1);
  });

  it('end in something unfinished where a newline is missing', () => {
    expect(splitRecords(file)).toEqual(records);
    expect(splitRecords(file.subarray(0, -1)).slice(2)).toEqual([{ unfinished: unsigned.bytes }]);
  });
});

describe('what follows the last newline', () => {
  it('is torn exactly if it is the beginning of a record, zeros behind it or not', () => {
    for (const record of [first.bytes, second.bytes, unsigned.bytes])
      for (let length = 1; length < record.length; length += scale(20) === 20 ? 1 : 29)
        for (const zeros of [0, 1, 100]) {
          const tail = new Uint8Array(length + zeros);
          tail.set(record.subarray(0, length));
          expect(classifyTail(tail)).toEqual({ kind: 'torn', length });
        }
    expect(classifyTail(new Uint8Array(512))).toEqual({ kind: 'torn', length: 0 });
    expect(classifyTail(new Uint8Array(0))).toEqual({ kind: 'none', length: 0 });
  });

  it('is a record that lacks its newline if all of it is there', () => {
    const { length } = second.bytes;
    const tail = new Uint8Array(length + 5);
    tail.set(second.bytes);
    expect(classifyTail(second.bytes)).toEqual({ kind: 'complete', length });
    expect(classifyTail(tail)).toEqual({ kind: 'complete', length });
  });

  it('is damage if the newline of a record became another byte, or anything in it is wrong', () => {
    for (const byte of [1, 11, 32, 125, 138, 255]) {
      const tail = new Uint8Array(second.bytes.length + 1);
      tail.set(second.bytes);
      tail[second.bytes.length] = byte;
      expect(classifyTail(tail).kind).toBe('damaged');
    }
    for (const text of ['x', '{"event": ', '{"evenT":{}}', '{}', '[1]', '{"event":{"at":1}}'])
      expect(`${text} ${classifyTail(encodeUtf8(text) as Uint8Array).kind}`).toBe(`${text} damaged`);
  });
});
