import { describe, expect, it } from 'vitest';
import { signText } from '../../src/audit/checkpoint.js';
import { fromBase64, toHex } from '../../src/crypto/bytes.js';
import { encodeUtf8 } from '../../src/crypto/utf8.js';
import {
  createSigner,
  defaultCrypto,
  formatNote,
  formatNoteKey,
  noteKey,
  parseNote,
  parseNoteKey,
  verifyNote,
} from '../../src/index.js';
import { codeOf, testSigner } from '../support/audit-fixture.js';
import { scale } from '../support/scale.js';

const crypto = defaultCrypto();

// From the tests of Go's checksum database (golang/mod sumdb/note) and the example of C2SP signed-note.
const peterKey = 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW';
const peterSeed = 'gQoUAtUUbI2E8kQzMPVAgOv5juF9nHT2JS/F1ccoMXM=';
const enochKey = 'EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop';
const text =
  "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
const peterLine =
  '\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n';
const enochLine =
  '\u2014 EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n';
const peter = parseNoteKey(peterKey, crypto);
const enoch = parseNoteKey(enochKey, crypto);

describe('a verifier key', () => {
  it('of Go and of C2SP is read and written as it was', () => {
    for (const key of [
      peterKey,
      enochKey,
      'example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k',
    ])
      expect(formatNoteKey(parseNoteKey(key, crypto))).toBe(key);
  });

  it('is refused with any change, and in any part', async () => {
    const step = scale(20) === 20 ? 1 : 7;
    for (let i = 0; i < peterKey.length; i += step) {
      const next = String.fromCharCode(peterKey.charCodeAt(i) + 1);
      const changed = peterKey.slice(0, i) + next + peterKey.slice(i + 1);
      expect(await codeOf(() => parseNoteKey(changed, crypto))).toBe('ERR_INTEGRITY_NOTE');
      for (let end = i + 1; end <= peterKey.length; end += step)
        if (end - i < peterKey.length)
          expect(await codeOf(() => parseNoteKey(peterKey.slice(i, end), crypto))).toBe('ERR_INTEGRITY_NOTE');
    }
  });

  it('is refused with another length or another type, even where its ID fits', async () => {
    for (const key of [
      'PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==',
      'PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW',
    ])
      expect(await codeOf(() => parseNoteKey(key, crypto))).toBe('ERR_INTEGRITY_NOTE');
  });

  it('has another ID for a cosignature', () => {
    const { publicKey } = testSigner(1);
    const one = noteKey('w', publicKey, crypto);
    const four = noteKey('w', publicKey, crypto, 'cosignature');
    expect(one.keyId).not.toBe(four.keyId);
    expect(parseNoteKey(formatNoteKey(four), crypto)).toEqual(four);
  });

  it('needs a name without spaces and plus signs', async () => {
    for (const name of [
      '',
      'a b',
      'a+b',
      'a\nb',
      'a\u00a0b',
      'a\u2003b',
      'a\u0000',
      '\ud800',
      'x'.repeat(256),
    ])
      expect(await codeOf(() => noteKey(name, testSigner(1).publicKey, crypto))).toBe(
        'ERR_INTEGRITY_ARGUMENT',
      );
  });
});

describe('a signed note', () => {
  it('is signed as Go signs it', () => {
    const signer = createSigner(fromBase64(peterSeed) as Uint8Array);
    expect(toHex(signer.publicKey)).toBe(toHex(peter.publicKey));
    expect(formatNote(text, [signText(text, 'PeterNeumann', signer, crypto)])).toBe(`${text}\n${peterLine}`);
  });

  it('gives the signatures of known keys, and passes over those of others', () => {
    const note = parseNote(`${text}\n${peterLine}${enochLine}`);
    expect(note.text).toBe(text);
    expect(note.signatures.map(({ name, keyId }) => `${name} ${keyId}`)).toEqual([
      'PeterNeumann c74f20a3',
      'EnochRoot af0cfe78',
    ]);
    const names = (keys: readonly (typeof peter)[]) => verifyNote(note, keys, crypto).map(({ name }) => name);
    expect(names([peter])).toEqual(['PeterNeumann']);
    expect(names([enoch, peter])).toEqual(['PeterNeumann', 'EnochRoot']);
    expect(names([])).toEqual([]);
  });

  it('of the C2SP specification verifies', () => {
    const note = parseNote(
      'This is an example message.\n\n\u2014 example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n',
    );
    const key = parseNoteKey('example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k', crypto);
    expect(verifyNote(note, [key], crypto)).toHaveLength(1);
  });

  it('is refused when a line of a known key does not verify', async () => {
    const forged = `${text.replace('answer', 'ansver')}\n${peterLine}${enochLine}`;
    for (const keys of [[peter], [enoch, peter]])
      expect(await codeOf(() => verifyNote(parseNote(forged), keys, crypto))).toBe('ERR_INTEGRITY_SIGNATURE');
    expect(verifyNote(parseNote(forged), [noteKey('other', peter.publicKey, crypto)], crypto)).toEqual([]);
  });

  it('counts a key once, however many lines it has', () => {
    const note = parseNote(`${text}\n${peterLine}${peterLine}${enochLine}${peterLine}`);
    expect(verifyNote(note, [peter, parseNoteKey(peterKey, crypto)], crypto)).toHaveLength(1);
    expect(verifyNote(note, [peter], crypto)).toHaveLength(1);
  });

  it('may have empty lines in its text', () => {
    const note = parseNote(`a\n\nb\n\n${peterLine}`);
    expect(note.text).toBe('a\n\nb\n');
  });

  it('is taken as bytes, too', () => {
    const bytes = encodeUtf8(`${text}\n${peterLine}`) as Uint8Array;
    expect(parseNote(bytes).text).toBe(text);
  });

  it('is refused when its form is not that of a note', async () => {
    for (const note of [
      '',
      text,
      `${text}\n`,
      `${text}\n${peterLine.slice(0, -1)}`,
      `\u0001${text}\n${peterLine}`,
      `${text}\r\n\r\n${peterLine}`,
      `${text}\n\u2014 Bad Name x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n`,
      `${text}\n${peterLine}Unexpected line.\n`,
      `${text}\n- PeterNeumann x08go/Y=\n`,
      `${text}\n\u2014 PeterNeumann\n`,
      `${text}\n\u2014 PeterNeumann \n`,
      `${text}\n\u2014 PeterNeumann x08goA==\n`,
      `${text}\n\u2014 PeterNeumann x08go-ZJ\n`,
      `${text}\n\u2014 a+b x08go/Y=\n`,
      `${text}\ud800\n\n${peterLine}`,
      `${text}\n${peterLine.repeat(129)}`,
      `${'x'.repeat(1 << 20)}\n\n${peterLine}`,
    ])
      expect(`${note.slice(0, 30)}: ${await codeOf(() => parseNote(note))}`).toBe(
        `${note.slice(0, 30)}: ERR_INTEGRITY_NOTE`,
      );
    expect(await codeOf(() => parseNote(Uint8Array.of(0xff, 10, 10)))).toBe('ERR_INTEGRITY_NOTE');
    expect(parseNote(`${text}\n${peterLine.repeat(16)}`).signatures).toHaveLength(16);
  });

  it('cannot be made of a text that would not come back', async () => {
    const signature = parseNote(`${text}\n${peterLine}`).signatures;
    expect(await codeOf(() => formatNote('no newline', signature))).toBe('ERR_INTEGRITY_NOTE');
    expect(await codeOf(() => formatNote('tab\t\n', signature))).toBe('ERR_INTEGRITY_NOTE');
    expect(await codeOf(() => formatNote(text, []))).toBe('ERR_INTEGRITY_NOTE');
  });
});
