import { describe, expect, it } from 'vitest';
import { cosignatureMessage } from '../../src/audit/note.js';
import { decodeUtf8 } from '../../src/crypto/utf8.js';
import {
  type AuditLog,
  type CosignOptions,
  cosign,
  defaultCrypto,
  emptyRoot,
  formatNoteKey,
  formatWitnessRequest,
  noteKey,
  parseCheckpoint,
  parseNote,
  parseWitnessRequest,
  signCheckpoint,
  verifyNote,
  type WitnessedTree,
} from '../../src/index.js';
import { codeOf, failure, openLog, testOrigin, testSigner } from '../support/audit-fixture.js';

const crypto = defaultCrypto();
const witness = testSigner(50);
const name = 'witness.example.com/w1';
const witnessKey = noteKey(name, witness.publicKey, crypto, 'cosignature');
const logKey = noteKey(testOrigin, testSigner(1).publicKey, crypto);
const now = 1_679_315_147_999;

async function grow(log: AuditLog, events: number): Promise<string> {
  for (let i = 0; i < events; i++) log.append({ type: 'transition', body: { i } });
  return log.checkpoint();
}

/** What a log sends to a witness that remembers `previous`. */
async function ask(
  log: AuditLog,
  checkpoint: string,
  previous: WitnessedTree | undefined,
): Promise<CosignOptions> {
  const { size } = parseCheckpoint(checkpoint);
  const oldSize = previous?.size ?? 0;
  const proof = await log.proveConsistency(oldSize, size);
  return { request: { oldSize, proof, checkpoint }, logKeys: [logKey], previous, name, signer: witness, now };
}

describe('a checkpoint', () => {
  const root = emptyRoot(crypto);

  it('is origin, size and root, and comes back', () => {
    const note = signCheckpoint({ origin: 'example.com/x', size: 20852163, root }, testSigner(1), crypto);
    expect(note.split('\n').slice(0, 4)).toEqual([
      'example.com/x',
      '20852163',
      '47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=',
      '',
    ]);
    expect(parseCheckpoint(note)).toMatchObject({ origin: 'example.com/x', size: 20852163, root });
  });

  it('of the C2SP specification is read, with its cosignature', () => {
    const checkpoint = parseCheckpoint(
      'example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n' +
        '\u2014 example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n' +
        '\u2014 witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n',
    );
    expect(checkpoint).toMatchObject({ origin: 'example.com/behind-the-sofa', size: 20852163 });
    expect(checkpoint.note.signatures.map(({ signature }) => signature.length)).toEqual([64, 72]);
  });

  it('is refused with another form', async () => {
    const line = signCheckpoint({ origin: 'a', size: 1, root }, testSigner(1), crypto).split(
      '\n\n',
    )[1] as string;
    const good = 'a\n1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n';
    expect(parseCheckpoint(`${good}\n${line}`).size).toBe(1);
    expect(parseCheckpoint(`${good}extension\n\n${line}`).size).toBe(1);
    for (const text of [
      'a\n1\n',
      good.replace('1\n', '01\n'),
      good.replace('1\n', '-1\n'),
      good.replace('1\n', '0x1\n'),
      good.replace('1\n', '1 \n'),
      good.replace('1\n', '9007199254740992\n'),
      good.replace('1\n', '1e3\n'),
      good.replace('hSuFU=', 'hSuFV='),
      good.replace('47DE', ''),
      good.replace('a\n', '\n'),
      `${good}\nextension\n`,
    ])
      expect(`${text}${await codeOf(() => parseCheckpoint(`${text}\n${line}`))}`).toBe(
        `${text}ERR_INTEGRITY_NOTE`,
      );
  });
});

describe('a cosignature', () => {
  it('is over the lines that C2SP tlog-cosignature shows', () => {
    const text = 'example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n';
    expect(decodeUtf8(cosignatureMessage(text, 1679315147))).toBe(`cosignature/v1\ntime 1679315147\n${text}`);
  });

  it('verifies behind the checkpoint, and says the time in whole seconds', async () => {
    const log = await openLog();
    const checkpoint = await grow(log, 3);
    const { line, next } = cosign(await ask(log, checkpoint, undefined), crypto);
    const note = parseNote(checkpoint + line);
    const [signature] = verifyNote(note, [witnessKey], crypto);
    expect(signature?.time).toBe(1_679_315_147);
    expect(verifyNote(note, [logKey, witnessKey], crypto)).toHaveLength(2);
    expect(next).toEqual({ origin: testOrigin, size: 4, root: log.root });
    // Another time, or another checkpoint, and it does not.
    const later = signature?.signature.slice() as Uint8Array;
    later[7] = (later[7] as number) ^ 1;
    expect(
      await codeOf(() =>
        verifyNote(
          {
            ...note,
            signatures: [{ ...(signature as object as (typeof note.signatures)[number]), signature: later }],
          },
          [witnessKey],
          crypto,
        ),
      ),
    ).toBe('ERR_INTEGRITY_SIGNATURE');
  });
});

describe('a witness', () => {
  it('follows a log that grows, and cosigns the same tree again', async () => {
    const log = await openLog();
    let previous: WitnessedTree | undefined;
    for (const events of [0, 1, 5, 20]) {
      const checkpoint = await grow(log, events);
      previous = cosign(await ask(log, checkpoint, previous), crypto).next;
      expect(previous.size).toBe(log.head.size);
      expect(cosign(await ask(log, checkpoint, previous), crypto).next).toEqual(previous);
    }
  });

  it('refuses a smaller tree', async () => {
    const log = await openLog();
    const early = await grow(log, 3);
    const { next } = cosign(await ask(log, await grow(log, 3), undefined), crypto);
    const options = { ...(await ask(log, early, undefined)), previous: next };
    const stale = await failure(() =>
      cosign({ ...options, request: { ...options.request, oldSize: 7, proof: [] } }, crypto),
    );
    expect(stale?.code).toBe('ERR_INTEGRITY_PROOF');
    expect(stale?.message).toMatch(/has size 4, and the witness has cosigned 7/);
  });

  it('refuses a second history, whatever proof comes with it', async () => {
    const [log, fork] = [await openLog(), await openLog()];
    const { next } = cosign(await ask(log, await grow(log, 3), undefined), crypto);
    fork.append({ type: 'transition', body: { other: true } });
    for (const events of [2, 4]) {
      const checkpoint = await grow(fork, events);
      const { request, ...rest } = await ask(fork, checkpoint, next);
      const given = { ...rest, logKeys: [logKey] };
      expect(await codeOf(() => cosign({ ...given, request }, crypto))).toBe('ERR_INTEGRITY_PROOF');
      // A proof of the honest log does not fit either.
      await grow(log, fork.head.size - log.head.size);
      const honest = await log.proveConsistency(next.size, fork.head.size);
      expect(await codeOf(() => cosign({ ...given, request: { ...request, proof: honest } }, crypto))).toBe(
        'ERR_INTEGRITY_PROOF',
      );
    }
  });

  it('refuses a proof from another size than it remembers, and says which', async () => {
    const log = await openLog();
    const { next } = cosign(await ask(log, await grow(log, 3), undefined), crypto);
    const checkpoint = await grow(log, 3);
    const wrong = await ask(log, checkpoint, undefined);
    expect((await failure(() => cosign({ ...wrong, previous: next }, crypto)))?.message).toMatch(
      /ask again with old 4/,
    );
  });

  it('refuses an unknown log, a missing signature and a forged one', async () => {
    const log = await openLog();
    const options = await ask(log, await grow(log, 3), undefined);
    const other = noteKey('example.com/other', testSigner(1).publicKey, crypto);
    expect(await codeOf(() => cosign({ ...options, logKeys: [other] }, crypto))).toBe('ERR_INTEGRITY_KEY');
    const stranger = noteKey(testOrigin, testSigner(2).publicKey, crypto);
    expect(await codeOf(() => cosign({ ...options, logKeys: [stranger] }, crypto))).toBe(
      'ERR_INTEGRITY_SIGNATURE',
    );
    const forged = options.request.checkpoint.replace('\n4\n', '\n5\n');
    expect(
      await codeOf(() => cosign({ ...options, request: { ...options.request, checkpoint: forged } }, crypto)),
    ).toBe('ERR_INTEGRITY_SIGNATURE');
  });

  it('refuses an empty tree with a root that is not of the empty tree', async () => {
    const root = new Uint8Array(32).fill(1);
    const request = (given: Uint8Array) => ({
      oldSize: 0,
      proof: [],
      checkpoint: signCheckpoint({ origin: testOrigin, size: 0, root: given }, testSigner(1), crypto),
    });
    const options = { logKeys: [logKey], previous: undefined, name, signer: witness, now };
    expect(await codeOf(() => cosign({ ...options, request: request(root) }, crypto))).toBe(
      'ERR_INTEGRITY_PROOF',
    );
    expect(cosign({ ...options, request: request(emptyRoot(crypto)) }, crypto).next.size).toBe(0);
  });
});

describe('a request to a witness', () => {
  const body =
    'old 20852014\nPlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=\n/6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=\n\n' +
    'example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n\u2014 example.com/behind-the-sofa AAAA\n';

  it('is read and written as C2SP tlog-witness shows it', () => {
    const request = parseWitnessRequest(body);
    expect(request.oldSize).toBe(20852014);
    expect(request.proof).toHaveLength(2);
    expect(formatWitnessRequest(request)).toBe(body);
    expect(formatWitnessRequest(parseWitnessRequest('old 0\n\nx'))).toBe('old 0\n\nx');
  });

  it('is refused with another form', async () => {
    for (const text of [
      '',
      'old 1',
      'old 01\n\nx',
      'old -1\n\nx',
      'new 1\n\nx',
      'old 1 \n\nx',
      'old 9007199254740992\n\nx',
      'old 1\nnot base64!\n\nx',
      `old 1\n${'AAAA\n'.repeat(64)}\nx`,
    ])
      expect(`${text}: ${await codeOf(() => parseWitnessRequest(text))}`).toBe(`${text}: ERR_INTEGRITY_NOTE`);
  });
});

describe('the key of a witness', () => {
  it('is shared as a verifier key of type 4', () => {
    expect(formatNoteKey(witnessKey)).toMatch(/^witness\.example\.com\/w1\+[0-9a-f]{8}\+B/);
  });
});
