/** Every way to change a small log, tried at every place. */
import { beforeEach, describe, expect, it } from 'vitest';
import {
  AuditLog,
  joinRecords,
  memoryStore,
  splitRecords,
  type VerifyReport,
  verifyLog,
} from '../../src/index.js';
import { allRecords, openLog, rememberingCrypto, testClock, testSigner } from '../support/audit-fixture.js';
import { scale } from '../support/scale.js';

const crypto = rememberingCrypto();
const everywhere = scale(20) === 20;
const trustedKeys = [testSigner(1).fingerprint];

/** Nine records: genesis, events, an unsigned sample, a rotation and a revocation; and a checkpoint of all of them. */
async function smallLog(lastText = 'end') {
  const store = memoryStore();
  const log = await openLog(store, { unsigned: ['sample'], standby: [testSigner(10).publicKey], crypto });
  log.append({ type: 'transition', body: { from: 'normal', to: 'stress', witness: ['a', 'b'] } });
  log.append({ type: 'sample', body: { lambda: 412_000 } });
  log.append({ type: 'override', body: { reason: 'drill "one"\n', until: 1_700_000_900_000 } });
  log.rotate(testSigner(2), { reason: 'yearly' });
  log.append({ type: 'policy', body: { name: 'défaut' } });
  log.revoke(testSigner(1).fingerprint, { reason: 'gone' });
  log.append({ type: 'refusal', body: { operation: 'delete', tenant: null } });
  log.append({ type: 'transition', body: { text: lastText } });
  const checkpoint = await log.checkpoint();
  return { records: await allRecords(store), checkpoint };
}

let records: readonly Uint8Array[] = [];
let checkpoint = '';
let file: Uint8Array = new Uint8Array(0);

beforeEach(async () => {
  if (records.length > 0) return;
  ({ records, checkpoint } = await smallLog());
  file = joinRecords(records);
});

function verify(bytes: Uint8Array, withCheckpoint = false): Promise<VerifyReport> {
  return verifyLog(splitRecords(bytes), {
    trustedKeys,
    crypto,
    ...(withCheckpoint ? { checkpoints: [checkpoint] } : {}),
  });
}

function verifyRecords(given: readonly Uint8Array[], withCheckpoint = false): Promise<VerifyReport> {
  return verify(joinRecords(given), withCheckpoint);
}

/** The record that a byte of the file belongs to. */
function recordAt(position: number): number {
  let end = 0;
  return records.findIndex((record) => {
    end += record.length + 1;
    return position < end;
  });
}

describe('a log that nobody touched', () => {
  it('verifies, with its checkpoint and without', async () => {
    expect((await verify(file)).problems).toEqual([]);
    const report = await verify(file, true);
    expect(report.problems).toEqual([]);
    expect(report).toMatchObject({ ok: true, size: 9, signedSize: 9, warnings: [] });
  });
});

describe('a change of one byte', () => {
  const changes: readonly (readonly [string, (byte: number) => number])[] = [
    ['its lowest bit flipped', (byte) => byte ^ 1],
    ['its highest bit flipped', (byte) => byte ^ 128],
    ['zero', () => 0],
    ['a newline', () => 10],
    ['a space', () => 32],
  ];
  for (const [name, change] of changes)
    it(`to ${name} is found at every position, in the record or at its border`, async () => {
      for (let at = 0; at < file.length; at += everywhere ? 1 : 211) {
        const changed = Uint8Array.from(file);
        changed[at] = change(file[at] as number);
        if (changed[at] === file[at]) continue;
        const { ok, problems } = await verify(changed);
        expect(`${at} ${ok}`).toBe(`${at} false`);
        // The report points at the record, or for its newline at the record that then is missing.
        const place = recordAt(at);
        expect(problems.some(({ seq }) => seq === place || seq === place + 1)).toBe(true);
      }
    });

  it('put in or taken out is found at every fifth position', async () => {
    for (let at = 0; at <= file.length; at += everywhere ? 5 : 197) {
      for (const byte of [0, 10, 32, 65]) {
        const longer = new Uint8Array(file.length + 1);
        longer.set(file.subarray(0, at));
        longer[at] = byte;
        longer.set(file.subarray(at), at + 1);
        expect(`${at} ${(await verify(longer)).ok}`).toBe(`${at} false`);
      }
      if (at === file.length) continue;
      const shorter = new Uint8Array(file.length - 1);
      shorter.set(file.subarray(0, at));
      shorter.set(file.subarray(at + 1), at);
      expect(`${at} ${(await verify(shorter)).ok}`).toBe(`${at} false`);
    }
  });
});

describe('records', () => {
  it('that are missing, but for the last, are found', async () => {
    for (let at = 0; at < records.length - 1; at++) {
      const { problems } = await verifyRecords(records.filter((_, i) => i !== at));
      expect(problems.some(({ seq }) => seq === at)).toBe(true);
    }
  });

  it('in another order are found, for every pair', async () => {
    for (let a = 0; a < records.length; a++)
      for (let b = a + 1; b < records.length; b++) {
        const swapped = [...records];
        swapped[a] = records[b] as Uint8Array;
        swapped[b] = records[a] as Uint8Array;
        expect((await verifyRecords(swapped)).ok).toBe(false);
      }
  });

  it('that occur twice are found, wherever the second one stands', async () => {
    for (let a = 0; a < records.length; a++)
      for (let b = 0; b <= records.length; b++) {
        const doubled = [...records.slice(0, b), records[a] as Uint8Array, ...records.slice(b)];
        expect((await verifyRecords(doubled)).ok).toBe(false);
      }
  });

  it('of another log of the same keys are found, at every place', async () => {
    const other = await smallLog('other end');
    // Only the last record differs: the histories part there.
    const spliced = [...records.slice(0, 8), other.records[8] as Uint8Array];
    expect((await verifyRecords(spliced)).ok).toBe(true);
    expect((await verifyRecords(spliced, true)).ok).toBe(false);
    const stranger = await openLog(memoryStore(), { origin: 'example.com/stranger', crypto });
    stranger.append({ type: 'transition', body: {} });
    const foreign: Uint8Array[] = [];
    for await (const { bytes } of stranger.entries()) foreign.push(bytes);
    for (let at = 0; at < records.length; at++) {
      const replaced = records.map((record, i) =>
        i === at ? (foreign[Math.min(at, 1)] as Uint8Array) : record,
      );
      expect((await verifyRecords(replaced)).ok).toBe(false);
    }
  });
});

describe('a log that was cut off', () => {
  it('inside a record is found at every byte, also without a checkpoint', async () => {
    const borders = new Set<number>();
    let end = 0;
    for (const record of records) {
      end += record.length + 1;
      borders.add(end);
    }
    for (let length = 0; length < file.length; length += everywhere ? 1 : 173) {
      const report = await verify(file.subarray(0, length));
      expect(`${length} ${report.ok}`).toBe(`${length} ${borders.has(length)}`);
    }
  });

  it('between records is found with a checkpoint', async () => {
    for (let kept = 0; kept < records.length; kept++) {
      const { problems } = await verifyRecords(records.slice(0, kept), true);
      expect(problems.map(({ code }) => code)).toContain('truncated');
    }
  });

  it('between records is not found without one: nothing in the log could say so, and the report warns of it', async () => {
    for (let kept = 1; kept < records.length; kept++) {
      const report = await verifyRecords(records.slice(0, kept));
      expect(report.ok).toBe(true);
      expect(report.warnings.map(({ code }) => code)).toContain('no-checkpoint');
    }
  });
});

describe('a second history by the owner of the keys', () => {
  /** The first records as they were, then others, by whoever has the key. */
  async function forked(from: number): Promise<readonly Uint8Array[]> {
    const store = memoryStore(records.slice(0, from));
    const signer = from > 4 ? testSigner(2) : testSigner(1);
    const log = await AuditLog.open(store, { signer, trustedKeys, clock: testClock(), crypto });
    while (log.head.size < records.length + 1)
      log.append({ type: 'transition', body: { history: 'second' } });
    await log.flush();
    return allRecords(store);
  }

  it('is found with a checkpoint, wherever it begins and even if it is longer', async () => {
    for (let from = 1; from < records.length; from++) {
      const { problems } = await verifyRecords(await forked(from), true);
      expect(problems.map(({ code }) => code)).toContain('checkpoint-root');
    }
  });

  it('is not found without one: each history verifies alone', async () => {
    for (let from = 1; from < records.length; from++)
      expect((await verifyRecords(await forked(from))).ok).toBe(true);
  });
});

describe('unsigned records', () => {
  it('are vouched for by the signed record behind them, and at the end only by a checkpoint', async () => {
    const changed = records.map((record) => Uint8Array.from(record));
    const sample = changed[2] as Uint8Array;
    sample[40] = (sample[40] as number) ^ 1;
    expect((await verifyRecords(changed)).ok).toBe(false);

    const store = memoryStore();
    const log = await openLog(store, { unsigned: ['sample'], crypto });
    log.append({ type: 'transition', body: {} });
    log.append({ type: 'sample', body: { lambda: 412_000 } });
    const note = await log.checkpoint();
    const tail = await allRecords(store);
    const text = String.fromCharCode(...(tail[2] as Uint8Array)).replace('412000', '912000');
    const forged = [...tail.slice(0, 2), Uint8Array.from(text, (c) => c.charCodeAt(0))];
    const alone = await verifyRecords(forged);
    expect(alone.ok).toBe(true);
    expect(alone.signedSize).toBe(2);
    expect(alone.warnings.map(({ code }) => code)).toContain('unsigned-tail');
    const held = await verifyLog(forged, { trustedKeys, checkpoints: [note], crypto });
    expect(held.problems.map(({ code }) => code)).toEqual(['checkpoint-root']);
  });

  it('are refused where the genesis record does not allow them, and without their signature any others are', async () => {
    for (const [at, record] of records.entries()) {
      const text = String.fromCharCode(...record);
      if (!text.includes('"sig"')) continue;
      const stripped = text.replace(/,"sig":"[^"]*"/, '').replace(/\},"key":"[0-9a-f]{64}"/, '}');
      const changed = records.map((each, i) =>
        i === at ? Uint8Array.from(stripped, (c) => c.charCodeAt(0)) : each,
      );
      const { problems } = await verifyRecords(changed);
      expect(
        problems.some(({ seq, code }) => seq === at && (code === 'unsigned' || code === 'genesis')),
      ).toBe(true);
    }
  });
});
