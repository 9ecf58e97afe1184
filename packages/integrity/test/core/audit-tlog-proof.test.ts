import { describe, expect, it } from 'vitest';
import {
  cosign,
  defaultCrypto,
  formatRecordProof,
  noteKey,
  parseCheckpoint,
  parseRecordProof,
  verifyRecordProof,
} from '../../src/index.js';
import { codeOf, openLog, testOrigin, testSigner } from '../support/audit-fixture.js';

const crypto = defaultCrypto();
const logKey = noteKey(testOrigin, testSigner(1).publicKey, crypto);
const witness = testSigner(50);
const witnessKey = noteKey('witness.example.com/w', witness.publicKey, crypto, 'cosignature');

/** A proof of the event with number `index` of a log of 12. */
async function proofOf(index: number) {
  const log = await openLog();
  for (let i = 1; i < 12; i++) log.append({ type: 'transition', body: { i } });
  const checkpoint = await log.checkpoint();
  const request = { oldSize: 0, proof: [], checkpoint };
  const { line } = cosign(
    { request, logKeys: [logKey], previous: undefined, name: witnessKey.name, signer: witness, now: 5000 },
    crypto,
  );
  const { size } = parseCheckpoint(checkpoint);
  let record = new Uint8Array(0);
  for await (const { bytes } of log.entries(index, index + 1)) record = Uint8Array.from(bytes);
  return { record, index, proof: await log.proveInclusion(index, size), checkpoint: checkpoint + line };
}

describe('the proof of a record', () => {
  it('shows record, place and log to who has nothing but the key', async () => {
    const text = formatRecordProof(await proofOf(7));
    expect(text.split('\n')[0]).toBe('c2sp.org/tlog-proof@v1');
    expect(parseRecordProof(text).index).toBe(7);
    const proven = verifyRecordProof(text, [logKey]);
    expect(proven).toMatchObject({ origin: testOrigin, size: 12, record: { seq: 7, body: { i: 7 } } });
  });

  it('can ask for witnesses', async () => {
    const text = formatRecordProof(await proofOf(7));
    expect(verifyRecordProof(text, [logKey, witnessKey], { quorum: 1 }).signatures).toHaveLength(2);
    expect(await codeOf(() => verifyRecordProof(text, [logKey], { quorum: 1 }))).toBe(
      'ERR_INTEGRITY_SIGNATURE',
    );
    const twice = [logKey, witnessKey, { ...witnessKey }];
    expect(await codeOf(() => verifyRecordProof(text, twice, { quorum: 2 }))).toBe('ERR_INTEGRITY_SIGNATURE');
  });

  it('does not hold for another record, place, key or log', async () => {
    const proof = await proofOf(7);
    const other = await proofOf(6);
    const verify = (change: object, keys = [logKey]) =>
      codeOf(() => verifyRecordProof(formatRecordProof({ ...proof, ...change }), keys));
    expect(await verify({})).toBeUndefined();
    expect(await verify({ record: other.record })).toBe('ERR_INTEGRITY_PROOF');
    expect(await verify({ index: 6 })).toBe('ERR_INTEGRITY_PROOF');
    expect(await verify({ index: 12 })).toBe('ERR_INTEGRITY_PROOF');
    expect(await verify({ proof: other.proof })).toBe('ERR_INTEGRITY_PROOF');
    expect(await verify({ proof: proof.proof.slice(1) })).toBe('ERR_INTEGRITY_PROOF');
    expect(await verify({ checkpoint: proof.checkpoint.replace('\n12\n', '\n13\n') })).toBe(
      'ERR_INTEGRITY_SIGNATURE',
    );
    expect(await verify({}, [noteKey(testOrigin, testSigner(2).publicKey, crypto)])).toBe(
      'ERR_INTEGRITY_SIGNATURE',
    );
    // A key that is trusted for another log says nothing about this one.
    expect(await verify({}, [noteKey('example.com/other', testSigner(1).publicKey, crypto)])).toBe(
      'ERR_INTEGRITY_SIGNATURE',
    );
  });

  it('must be a record that says its own number', async () => {
    const log = await openLog();
    log.append({ type: 'transition', body: {} });
    const checkpoint = await log.checkpoint();
    // The tree has the genesis record at 0; a proof of it at 0 holds, and of nothing else there.
    let record = new Uint8Array(0);
    for await (const { bytes } of log.entries(0, 1)) record = Uint8Array.from(bytes);
    const text = formatRecordProof({ record, index: 0, proof: await log.proveInclusion(0), checkpoint });
    expect(verifyRecordProof(text, [logKey]).record.type).toBe('genesis');
  });

  it('is refused with another form', async () => {
    const text = formatRecordProof(await proofOf(3));
    for (const bad of [
      '',
      text.replace('proof@v1', 'proof@v2'),
      text.replace('extra ', 'Extra '),
      text.replace(/extra .*\n/, ''),
      text.replace('index 3', 'index 03'),
      text.replace('index 3', 'index -3'),
      text.replace('index 3\n', 'index 3\n!!\n'),
      text.replace('index 3\n', `index 3\n${'AAAA\n'.repeat(65)}`),
      text.slice(0, text.indexOf('\n\n')),
      5 as unknown as string,
    ])
      expect(await codeOf(() => verifyRecordProof(bad, [logKey]))).toBe('ERR_INTEGRITY_NOTE');
  });
});
