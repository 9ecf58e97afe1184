import { beforeEach, describe, expect, it } from 'vitest';
import { ascii } from '../../src/crypto/utf8.js';
import {
  cosign,
  defaultCrypto,
  formatNoteKey,
  joinRecords,
  memoryStore,
  noteKey,
  readRecords,
  signCheckpoint,
  splitRecords,
  type VerifyOptions,
  verifyLog,
} from '../../src/index.js';
import { allRecords, codeOf, openLog, testOrigin, testSigner } from '../support/audit-fixture.js';

const crypto = defaultCrypto();
const trustedKeys = [testSigner(1).fingerprint];
const logKey = noteKey(testOrigin, testSigner(1).publicKey, crypto);

async function logOf(events: number) {
  const store = memoryStore();
  const log = await openLog(store);
  for (let i = 1; i <= events; i++) log.append({ type: 'transition', body: { i } });
  const checkpoint = await log.checkpoint();
  return { records: await allRecords(store), checkpoint, root: log.root };
}

let records: readonly Uint8Array[] = [];
let checkpoint = '';
let root: Uint8Array = new Uint8Array(0);

beforeEach(async () => {
  if (records.length === 0) ({ records, checkpoint, root } = await logOf(5));
});

/** A cosignature line of a witness for the checkpoint. */
function cosigned(seed: number, now: number): string {
  const options = {
    request: { oldSize: 0, proof: [], checkpoint },
    logKeys: [logKey],
    previous: undefined,
    name: `witness.example.com/${seed}`,
    signer: testSigner(seed),
    now,
  };
  return cosign(options, crypto).line;
}

function witnessKey(seed: number): string {
  return formatNoteKey(
    noteKey(`witness.example.com/${seed}`, testSigner(seed).publicKey, crypto, 'cosignature'),
  );
}

async function problems(options: Partial<VerifyOptions>, given = records): Promise<readonly string[]> {
  const report = await verifyLog(given, { trustedKeys, ...options });
  expect(report.ok).toBe(report.problems.length === 0);
  return report.problems.map(({ code }) => code);
}

describe('the report', () => {
  it('says what was read', async () => {
    const report = await verifyLog(records, { trustedKeys, checkpoints: [checkpoint] });
    expect(report).toMatchObject({
      ok: true,
      origin: testOrigin,
      size: 6,
      signedSize: 6,
      omitted: 0,
      warnings: [],
    });
    expect(report.root).toBe(checkpoint.split('\n')[2]);
    expect(report.checkpoints).toEqual([
      { ok: true, size: 6, key: testSigner(1).fingerprint, witnesses: [] },
    ]);
  });

  it('warns that there was no checkpoint', async () => {
    const report = await verifyLog(records, { trustedKeys });
    expect(report.warnings.map(({ code }) => code)).toEqual(['no-checkpoint']);
  });

  it('of nothing is not a verified log', async () => {
    expect(await problems({}, [])).toEqual(['empty']);
  });

  it('of something that is not a log names the first line, and no more than it may', async () => {
    const lines = Array.from({ length: 500 }, (_, i) => ascii(`line ${i}`));
    const report = await verifyLog(lines, { trustedKeys, maxProblems: 10 });
    expect(report.problems).toHaveLength(10);
    expect(report.omitted).toBe(490);
    expect(report.problems[0]).toMatchObject({ seq: 0, code: 'malformed' });
  });

  it('tells a changed record from a missing one', async () => {
    const changed: Uint8Array[] = records.map((record) => Uint8Array.from(record));
    const text = String.fromCharCode(...(changed[2] as Uint8Array)).replace('"i":2', '"i":9');
    changed[2] = ascii(text);
    const report = await verifyLog(changed, { trustedKeys });
    expect(report.problems.map(({ seq, code }) => `${seq} ${code}`)).toEqual(['2 signature', '3 chain']);
    const without = await verifyLog(
      records.filter((_, i) => i !== 2),
      { trustedKeys },
    );
    expect(without.problems.map(({ seq, code }) => `${seq} ${code}`)).toEqual(['2 sequence', '2 chain']);
    expect(without.problems[0]?.message).toMatch(/record 3 follows where 2 should: 1 missing/);
  });

  it('shows hostile text so that a terminal does not act on it', async () => {
    const store = memoryStore();
    const log = await openLog(store, { standby: [testSigner(10).publicKey] });
    log.append({ type: 'transition', body: {} });
    const reason = 'gone\u001b[2J\u009b31m\u202e\r\nverified';
    log.revoke(testSigner(1).fingerprint, { reason, from: 1, by: testSigner(10) });
    await log.flush();
    const head = { origin: 'x\u009b2J\u202e', size: 1, root };
    const body = `${head.origin}\n1\n${checkpoint.split('\n')[2]}\n\n${checkpoint.split('\n')[4]}\n`;
    const report = await verifyLog(await allRecords(store), { trustedKeys, checkpoints: [body] });
    const messages = report.problems.map(({ message }) => message).join(' ');
    expect(messages).toMatch(/gone\\u\{1b\}\[2J\\u\{9b\}31m\\u\{202e\}\\u\{d\}\\u\{a\}verified/);
    expect(messages).toMatch(/the checkpoint is of x\\u\{9b\}2J\\u\{202e\}/);
    expect(messages).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  });

  it('finds a log that begins with a key that nobody trusts, and says whose', async () => {
    const report = await verifyLog(records, { trustedKeys: [testSigner(2).fingerprint] });
    expect(report.problems).toMatchObject([{ seq: 0, code: 'untrusted' }]);
    expect(report.problems[0]?.message).toContain(testSigner(1).fingerprint);
  });

  it('is the same for bytes in a file, in pieces of any size', async () => {
    const file = joinRecords(records);
    const whole = await verifyLog(splitRecords(file), { trustedKeys, checkpoints: [checkpoint] });
    for (const size of [1, 7, 1000]) {
      const pieces = Array.from({ length: Math.ceil(file.length / size) }, (_, i) =>
        file.slice(i * size, (i + 1) * size),
      );
      expect(await verifyLog(readRecords(pieces), { trustedKeys, checkpoints: [checkpoint] })).toEqual(whole);
    }
    const cut = await verifyLog(readRecords([file.slice(0, -1)]), { trustedKeys });
    expect(cut.problems).toMatchObject([{ seq: 5, code: 'unfinished' }]);
    expect(cut.size).toBe(5);
  });
});

describe('a checkpoint that is given', () => {
  const sign = (head: object, seed = 1) =>
    signCheckpoint({ origin: testOrigin, size: 6, root, ...head }, testSigner(seed), crypto);

  it('may be of fewer records than there are', async () => {
    const earlier = await logOf(3);
    expect(await problems({ checkpoints: [earlier.checkpoint, checkpoint] })).toEqual([]);
  });

  it('must parse, be of this log, of these records, and signed by its key', async () => {
    expect(await problems({ checkpoints: ['nonsense'] })).toEqual(['checkpoint']);
    expect(await problems({ checkpoints: [sign({ origin: 'example.com/x' })] })).toContain('checkpoint');
    expect(await problems({ checkpoints: [sign({ size: 7 })] })).toEqual(['truncated']);
    expect(await problems({ checkpoints: [sign({ size: 5 })] })).toEqual(['checkpoint-root']);
    expect(await problems({ checkpoints: [sign({ size: 0 })] })).toContain('checkpoint-root');
    expect(await problems({ checkpoints: [sign({}, 2)] })).toEqual(['checkpoint-signature']);
    expect(await problems({ checkpoints: [checkpoint.replace('\n6\n', '\n5\n')] })).toEqual([
      'checkpoint-root',
      'checkpoint-signature',
    ]);
  });

  it('is not taken from a key that had not come in yet, or had gone', async () => {
    const store = memoryStore();
    const log = await openLog(store);
    log.append({ type: 'transition', body: {} });
    const early = { origin: testOrigin, size: 2, root: log.root };
    log.rotate(testSigner(2), { reason: 'test' });
    log.append({ type: 'transition', body: {} });
    const late = { origin: testOrigin, size: 4, root: log.root };
    await log.flush();
    const all = await allRecords(store);
    const check = async (head: typeof early, seed: number) =>
      problems({ checkpoints: [signCheckpoint(head, testSigner(seed), crypto)] }, all);
    expect(await check(early, 1)).toEqual([]);
    expect(await check(late, 2)).toEqual([]);
    expect(await check(early, 2)).toEqual(['checkpoint-signature']);
    expect(await check(late, 1)).toEqual(['checkpoint-signature']);
  });
});

describe('witnesses', () => {
  let both = '';

  beforeEach(() => {
    both ||= checkpoint + cosigned(50, 5000) + cosigned(51, 7000);
  });

  it('must have cosigned: all of them, or as many as the quorum says', async () => {
    const policy = (seeds: readonly number[], quorum?: number) => ({
      keys: seeds.map(witnessKey),
      ...(quorum === undefined ? {} : { quorum }),
    });
    expect(await problems({ checkpoints: [both], witnesses: policy([50, 51]) })).toEqual([]);
    expect(await problems({ checkpoints: [both], witnesses: policy([50, 51, 52]) })).toEqual(['witnesses']);
    expect(await problems({ checkpoints: [both], witnesses: policy([50, 51, 52], 2) })).toEqual([]);
    expect(await problems({ checkpoints: [checkpoint], witnesses: policy([50], 1) })).toEqual(['witnesses']);
    const report = await verifyLog(records, {
      trustedKeys,
      checkpoints: [both],
      witnesses: policy([50, 51]),
    });
    expect(report.checkpoints[0]?.witnesses).toEqual([
      { name: 'witness.example.com/50', time: 5 },
      { name: 'witness.example.com/51', time: 7 },
    ]);
  });

  it('count once each, and only with a time that has come', async () => {
    const twice = { keys: [witnessKey(50), witnessKey(50)], quorum: 2 };
    expect(await problems({ checkpoints: [both], witnesses: twice })).toEqual(['witnesses']);
    const policy = { keys: [witnessKey(50), witnessKey(51)] };
    expect(await problems({ checkpoints: [both], witnesses: policy, now: 6000 })).toEqual([]);
    expect(await problems({ checkpoints: [both], witnesses: policy, now: 5000 })).toEqual(['witnesses']);
  });

  it('do not count when their line was made for something else', async () => {
    const other = await logOf(4);
    const moved = other.checkpoint + cosigned(50, 5000);
    expect(await problems({ checkpoints: [moved], witnesses: { keys: [witnessKey(50)] } })).toEqual([
      'witnesses',
    ]);
  });
});

describe('options', () => {
  it('are refused when they would verify anything, or make no sense', async () => {
    const verify = (options: object) => codeOf(verifyLog(records, { trustedKeys, ...options }));
    expect(await verify({ trustedKeys: [] })).toBe('ERR_INTEGRITY_KEY');
    expect(await verify({ trustedKeys: ['ab'] })).toBe('ERR_INTEGRITY_KEY');
    expect(await verify({ trustedKeys: [testSigner(1).fingerprint.slice(0, 16)] })).toBe('ERR_INTEGRITY_KEY');
    expect(await verify({ maxProblems: 0 })).toBe('ERR_INTEGRITY_ARGUMENT');
    expect(await verify({ witnesses: { keys: ['x'] } })).toBe('ERR_INTEGRITY_NOTE');
    expect(await verify({ witnesses: { keys: [witnessKey(50)], quorum: 0 } })).toBe('ERR_INTEGRITY_ARGUMENT');
    expect(await verify({ witnesses: { keys: [witnessKey(50)], quorum: 2 } })).toBe('ERR_INTEGRITY_ARGUMENT');
    expect(await verify({ signal: { aborted: true } })).toBe('ERR_INTEGRITY_ABORTED');
    expect(await codeOf(verifyLog(['x' as unknown as Uint8Array], { trustedKeys }))).toBe(
      'ERR_INTEGRITY_ARGUMENT',
    );
  });

  it('tell how far it is', async () => {
    const seen: number[] = [];
    await verifyLog(records, { trustedKeys, onProgress: ({ done }) => seen.push(done) });
    expect(seen).toEqual([6]);
  });

  it('can leave out signatures that the chain vouches for, and still find a change', async () => {
    let verified = 0;
    const counting: typeof crypto = {
      ...crypto,
      ed25519Verify: (...args) => {
        verified++;
        return crypto.ed25519Verify(...args);
      },
    };
    expect(await problems({ signatures: 'chain', crypto: counting })).toEqual([]);
    expect(verified).toBe(2);
    const changed: Uint8Array[] = records.map((record) => Uint8Array.from(record));
    const last = changed[5] as Uint8Array;
    last[last.length - 20] = (last[last.length - 20] as number) === 65 ? 66 : 65;
    expect(await problems({ signatures: 'chain' }, changed)).toEqual(['signature']);
  });
});
