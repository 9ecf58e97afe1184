import { describe, expect, it } from 'vitest';
import { toBase64, toHex } from '../../src/crypto/bytes.js';
import { ascii } from '../../src/crypto/utf8.js';
import {
  AuditLog,
  createSigner,
  defaultCrypto,
  fingerprint,
  memoryStore,
  parseRecord,
  type Signer,
  seal,
  shortFingerprint,
  type VerifyReport,
  verifyLog,
} from '../../src/index.js';
import { allRecords, codeOf, failure, openLog, testClock, testSigner } from '../support/audit-fixture.js';

const crypto = defaultCrypto();
const [first, second, third, standby, spare, thief] = [1, 2, 3, 10, 11, 66].map(testSigner) as [
  Signer,
  Signer,
  Signer,
  Signer,
  Signer,
  Signer,
];
const because = { reason: 'a test' };

/** A log of key 1 with standby keys 10 and 11. */
async function logWithStandby(store = memoryStore()): Promise<AuditLog> {
  return openLog(store, { standby: [standby.publicKey, spare.publicKey] });
}

function event(log: AuditLog, n = 1): void {
  for (let i = 0; i < n; i++) log.append({ type: 'transition', body: { i } });
}

async function verify(log: AuditLog, trusted: readonly Signer[] = [first]): Promise<VerifyReport> {
  const records: Uint8Array[] = [];
  for await (const { bytes } of log.entries()) records.push(bytes);
  return verifyLog(records, { trustedKeys: trusted.map((key) => key.fingerprint) });
}

function codes(report: VerifyReport): readonly string[] {
  return report.problems.map(({ seq, code }) => `${seq} ${code}`);
}

/** Seals a record of any kind and any signer behind a log's records, as someone with a key and no scruples could. */
async function forge(
  log: AuditLog,
  type: string,
  body: object,
  signer: Signer,
): Promise<readonly Uint8Array[]> {
  const records: Uint8Array[] = [];
  for await (const { bytes } of log.entries()) records.push(bytes);
  const draft = { type, at: 1_800_000_000_000, body: body as Record<string, string> };
  return [...records, seal(log.head, draft, signer, crypto).bytes];
}

describe('a key', () => {
  it('is known by SHA-256 of its public key', () => {
    const { publicKey } = createSigner(new Uint8Array(32).fill(1));
    expect(fingerprint(publicKey)).toBe(toHex(crypto.sha256(publicKey)));
    expect(shortFingerprint(fingerprint(publicKey))).toBe(fingerprint(publicKey).slice(0, 16));
  });

  it('of small order, or of another length, has no fingerprint', async () => {
    for (const bytes of [new Uint8Array(32), new Uint8Array(31), new Uint8Array(32).fill(255)])
      expect(await codeOf(() => fingerprint(bytes))).toBe('ERR_INTEGRITY_KEY');
    expect(await codeOf(() => fingerprint('x' as unknown as Uint8Array))).toBe('ERR_INTEGRITY_KEY');
    expect(await codeOf(() => createSigner(new Uint8Array(31)))).toBe('ERR_INTEGRITY_KEY');
  });

  it('does not show its seed', () => {
    const signer = createSigner(new Uint8Array(32).fill(171));
    expect(JSON.stringify(signer)).not.toMatch(/171,171|abab/);
    expect(Object.keys(signer).sort()).toEqual(['fingerprint', 'publicKey', 'sign']);
  });
});

describe('a rotation', () => {
  it('hands over to the new key, again and again, and one pinned root verifies all of it', async () => {
    const log = await logWithStandby();
    event(log, 2);
    log.rotate(second, because);
    event(log, 2);
    log.rotate(third, because);
    event(log);
    const report = await verify(log);
    expect(report.problems).toEqual([]);
    expect(report.keys.map((key) => [key.fingerprint, key.since, key.until])).toEqual([
      [first.fingerprint, 0, 3],
      [standby.fingerprint, 0, undefined],
      [spare.fingerprint, 0, undefined],
      [second.fingerprint, 3, 6],
      [third.fingerprint, 6, undefined],
    ]);
    expect(codes(await verify(log, [second]))).toEqual(['0 untrusted']);
  });

  it('ends the old key: it signs nothing after it', async () => {
    const log = await logWithStandby();
    log.rotate(second, because);
    const records = await forge(log, 'transition', { a: 1 }, first);
    expect(codes(await verifyLog(records, { trustedKeys: [first.fingerprint] }))).toEqual(['2 key']);
  });

  it('needs the new key, at this very place', async () => {
    const log = await logWithStandby();
    event(log);
    const other = await logWithStandby();
    event(other, 2);
    const record = other.rotate(second, because);
    const { body } = parseRecord(record.bytes);
    // The proof of possession was made for another place of another log.
    for (const signer of [first, standby]) {
      const moved = await forge(log, 'key-rotation', body, signer);
      expect(codes(await verifyLog(moved, { trustedKeys: [first.fingerprint] }))).toEqual(['2 key-event']);
    }
    // And a key that did not agree cannot be made the owner.
    const proof = toBase64(thief.sign(ascii('x')));
    const forced = await forge(log, 'key-rotation', { ...body, proof }, first);
    expect(codes(await verifyLog(forced, { trustedKeys: [first.fingerprint] }))).toEqual(['2 key-event']);
  });

  it('cannot be made by a stranger, nor by an old key, nor to a key that was there before', async () => {
    const log = await logWithStandby();
    expect(await codeOf(() => log.rotate(second, { ...because, by: thief }))).toBe('ERR_INTEGRITY_KEY');
    log.rotate(second, because);
    expect(await codeOf(() => log.rotate(third, { ...because, by: first }))).toBe('ERR_INTEGRITY_KEY');
    for (const known of [first, second, standby])
      expect((await failure(() => log.rotate(known, because)))?.message).toMatch(/never comes back/);
    event(log);
    expect(codes(await verify(log))).toEqual([]);
    expect(log.head.size).toBe(3);
  });

  it('of a standby key is its own affair', async () => {
    const log = await logWithStandby();
    const replaces = standby.fingerprint;
    for (const by of [first, spare])
      expect(await codeOf(() => log.rotate(second, { ...because, by, replaces }))).toBe('ERR_INTEGRITY_KEY');
    log.rotate(second, { ...because, by: standby, replaces });
    event(log);
    expect(codes(await verify(log))).toEqual([]);
    expect(log.keys.find((key) => key.fingerprint === second.fingerprint)?.role).toBe('standby');
  });

  it('by a standby key replaces a signing key that is lost', async () => {
    const store = memoryStore();
    const log = await logWithStandby(store);
    event(log);
    await log.flush();
    const rescued = await AuditLog.open(memoryStore(await allRecords(store)), {
      signer: standby,
      trustedKeys: [first.fingerprint],
      clock: testClock(),
    });
    expect(await codeOf(() => rescued.append({ type: 'transition', body: {} }))).toBe('ERR_INTEGRITY_KEY');
    rescued.rotate(second, because);
    event(rescued);
    expect(codes(await verify(rescued))).toEqual([]);
  });
});

describe('a revocation', () => {
  it('leaves valid what was signed before it, and nothing after it', async () => {
    const log = await logWithStandby();
    event(log, 3);
    log.revoke(first.fingerprint, because);
    expect(codes(await verify(log))).toEqual([]);
    expect(await codeOf(() => log.append({ type: 'transition', body: {} }))).toBe('ERR_INTEGRITY_KEY');
    const records = await forge(log, 'transition', { a: 1 }, first);
    expect(codes(await verifyLog(records, { trustedKeys: [first.fingerprint] }))).toEqual(['5 key']);
    // A standby key puts a new one in its place, and the log goes on.
    log.rotate(second, { ...because, by: standby });
    event(log);
    expect(codes(await verify(log))).toEqual([]);
  });

  it('by a standby key disputes what a stolen key signed, from a place on', async () => {
    const log = await logWithStandby();
    event(log, 6);
    log.revoke(first.fingerprint, { reason: 'stolen', from: 4, by: standby });
    log.rotate(second, { ...because, by: standby });
    event(log);
    const report = await verify(log);
    expect(codes(report)).toEqual(['4 disputed']);
    expect(report.problems[0]?.message).toMatch(/records 4 to 6 .*stolen/);
    const records: Uint8Array[] = [];
    for await (const { bytes } of log.entries()) records.push(bytes);
    const accepted = await verifyLog(records, { trustedKeys: [first.fingerprint], acceptDisputed: true });
    expect(accepted.ok).toBe(true);
    expect(accepted.warnings.map(({ code }) => code)).toContain('disputed');
  });

  it('takes with a key the keys that it brought in after that place', async () => {
    const log = await logWithStandby();
    event(log, 2);
    log.rotate(thief, because);
    event(log, 2);
    log.revoke(first.fingerprint, { reason: 'stolen', from: 3, by: standby });
    expect(await codeOf(() => log.append({ type: 'transition', body: {} }))).toBe('ERR_INTEGRITY_KEY');
    log.rotate(second, { ...because, by: standby });
    event(log);
    const report = await verify(log);
    expect(codes(report)).toEqual(['3 disputed', '4 disputed']);
    expect(report.keys.filter((key) => key.revocation !== undefined).map((key) => key.fingerprint)).toEqual([
      first.fingerprint,
      thief.fingerprint,
    ]);
  });

  it('cannot make the past void with the key itself, or with one that came from it', async () => {
    const log = await logWithStandby();
    event(log, 3);
    expect(await codeOf(() => log.revoke(first.fingerprint, { ...because, from: 2 }))).toBe(
      'ERR_INTEGRITY_KEY',
    );
    log.rotate(second, because);
    event(log);
    expect(await codeOf(() => log.revoke(first.fingerprint, { ...because, from: 2 }))).toBe(
      'ERR_INTEGRITY_KEY',
    );
    for (const [signer, from] of [
      [second, 2],
      [second, 5],
    ] as const) {
      const body = { from, key: first.fingerprint, reason: 'thief' };
      const records = await forge(log, 'key-revocation', body, signer);
      expect(codes(await verifyLog(records, { trustedKeys: [first.fingerprint] }))).toEqual(['6 key-event']);
    }
  });

  it('by the signing key cannot lock the owner out by ending a standby key', async () => {
    const log = await logWithStandby();
    event(log);
    const error = await failure(() => log.revoke(standby.fingerprint, because));
    expect(error?.code).toBe('ERR_INTEGRITY_KEY');
    expect(error?.message).toMatch(/only by a standby key/);
    log.revoke(standby.fingerprint, { ...because, by: spare });
    expect(await codeOf(() => log.rotate(second, { ...because, by: standby }))).toBe('ERR_INTEGRITY_KEY');
    log.rotate(second, { ...because, by: spare });
    event(log);
    expect(codes(await verify(log))).toEqual([]);
  });

  it('is refused for an unknown key, twice for one, for the genesis record and for the far future', async () => {
    const log = await logWithStandby();
    event(log);
    for (const options of [
      { ...because, from: 0, by: standby },
      { ...because, from: 9, by: standby },
      { reason: '', by: standby },
    ])
      expect(['ERR_INTEGRITY_KEY', 'ERR_INTEGRITY_ARGUMENT']).toContain(
        await codeOf(() => log.revoke(first.fingerprint, options)),
      );
    expect(await codeOf(() => log.revoke(thief.fingerprint, because))).toBe('ERR_INTEGRITY_KEY');
    expect(await codeOf(() => log.revoke('abc', because))).toBe('ERR_INTEGRITY_KEY');
    log.revoke(first.fingerprint, { ...because, by: standby });
    expect(await codeOf(() => log.revoke(first.fingerprint, { ...because, by: standby }))).toBe(
      'ERR_INTEGRITY_KEY',
    );
    expect(log.head.size).toBe(3);
  });

  it('voids a checkpoint that the key signed for more records than it vouches for', async () => {
    const log = await logWithStandby();
    event(log, 3);
    const early = await log.checkpoint();
    event(log, 3);
    const late = await log.checkpoint();
    log.revoke(first.fingerprint, { reason: 'stolen', from: 4, by: standby });
    const records: Uint8Array[] = [];
    for await (const { bytes } of log.entries()) records.push(bytes);
    const check = (checkpoint: string) =>
      verifyLog(records, {
        trustedKeys: [first.fingerprint],
        checkpoints: [checkpoint],
        acceptDisputed: true,
      });
    expect(codes(await check(early))).toEqual([]);
    expect(codes(await check(late))).toEqual(['undefined checkpoint-signature']);
  });
});

describe('a standby key', () => {
  it('signs rotations and revocations, and no events', async () => {
    const log = await logWithStandby();
    event(log);
    const records = await forge(log, 'transition', { a: 1 }, standby);
    expect(codes(await verifyLog(records, { trustedKeys: [first.fingerprint] }))).toEqual(['2 key']);
  });

  it('cannot be the signing key as well, nor be named twice', async () => {
    expect(await codeOf(openLog(memoryStore(), { standby: [first.publicKey] }))).toBe('ERR_INTEGRITY_KEY');
    expect(await codeOf(openLog(memoryStore(), { standby: [spare.publicKey, spare.publicKey] }))).toBe(
      'ERR_INTEGRITY_ARGUMENT',
    );
  });
});

describe('a genesis record', () => {
  it('must name the key that signs it, and only what it may name', async () => {
    const log = await logWithStandby();
    let body: Record<string, unknown> = {};
    for await (const record of log.entries(0, 1)) body = { ...record.body };
    const begin = (change: object, signer = first) =>
      verifyLog(
        [
          seal(
            { size: 0, hash: '0'.repeat(64) },
            { type: 'genesis', at: 0, body: { ...body, ...change } as never },
            signer,
            crypto,
          ).bytes,
        ],
        { trustedKeys: [first.fingerprint, thief.fingerprint] },
      );
    expect(codes(await begin({}))).toEqual([]);
    for (const [change, signer] of [
      [{}, thief],
      [{ origin: 'a b' }, first],
      [{ publicKey: 'AAAA' }, first],
      [{ standby: 'x' }, first],
      [{ standby: [body.publicKey] }, first],
      [{ standby: Array(17).fill('x') }, first],
      [{ unsigned: ['genesis'] }, first],
      [{ unsigned: ['Not A Type'] }, first],
      [{ extra: 1 }, first],
    ] as const)
      expect(codes(await begin(change, signer))).toEqual(['0 genesis']);
  });
});
