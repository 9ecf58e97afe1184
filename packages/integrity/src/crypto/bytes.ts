/**
 * Bytes as text and back, for hosts that have neither Buffer nor atob. Decoders are strict: one byte string has one text, so
 * a text that decodes also is the text that encoding gives, and nothing can be changed in it without changing the bytes.
 */
import { describe } from '../check.js';
import { IntegrityError, type IntegrityErrorCode } from '../errors.js';

const hexDigits = '0123456789abcdef';
const base64Digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

const base64Values = new Int8Array(128).fill(-1);
for (let i = 0; i < 64; i++) base64Values[base64Digits.charCodeAt(i)] = i;

/** Lower-case hexadecimal. */
export function toHex(bytes: Uint8Array): string {
  let text = '';
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i] as number;
    text += (hexDigits[byte >> 4] as string) + (hexDigits[byte & 15] as string);
  }
  return text;
}

function hexValue(code: number): number {
  if (code >= 48 && code <= 57) return code - 48;
  if (code >= 97 && code <= 102) return code - 87;
  return -1;
}

/** Bytes of lower-case hexadecimal; undefined for any other text. */
export function fromHex(text: string): Uint8Array | undefined {
  if (text.length % 2 !== 0) return undefined;
  const bytes = new Uint8Array(text.length / 2);
  for (let i = 0; i < bytes.length; i++) {
    const high = hexValue(text.charCodeAt(2 * i));
    const low = hexValue(text.charCodeAt(2 * i + 1));
    if (high < 0 || low < 0) return undefined;
    bytes[i] = (high << 4) | low;
  }
  return bytes;
}

/** Standard Base 64 with padding (RFC 4648 section 4). */
export function toBase64(bytes: Uint8Array): string {
  let text = '';
  let i = 0;
  for (; i + 2 < bytes.length; i += 3) {
    const word = ((bytes[i] as number) << 16) | ((bytes[i + 1] as number) << 8) | (bytes[i + 2] as number);
    text +=
      (base64Digits[word >> 18] as string) +
      (base64Digits[(word >> 12) & 63] as string) +
      (base64Digits[(word >> 6) & 63] as string) +
      (base64Digits[word & 63] as string);
  }
  const left = bytes.length - i;
  if (left === 1) {
    const word = (bytes[i] as number) << 4;
    text += `${base64Digits[word >> 6]}${base64Digits[word & 63]}==`;
  } else if (left === 2) {
    const word = ((bytes[i] as number) << 10) | ((bytes[i + 1] as number) << 2);
    text += `${base64Digits[word >> 12]}${base64Digits[(word >> 6) & 63]}${base64Digits[word & 63]}=`;
  }
  return text;
}

/** Bytes of standard Base 64, padded, with zero spare bits (RFC 4648 section 3.5); undefined for any other text. */
export function fromBase64(text: string): Uint8Array | undefined {
  const length = text.length;
  if (length % 4 !== 0) return undefined;
  let padding = 0;
  if (length > 0 && text[length - 1] === '=') padding = text[length - 2] === '=' ? 2 : 1;
  const bytes = new Uint8Array((length / 4) * 3 - padding);
  let at = 0;
  for (let i = 0; i < length; i += 4) {
    let word = 0;
    const digits = i + 4 === length ? 4 - padding : 4;
    for (let j = 0; j < digits; j++) {
      const code = text.charCodeAt(i + j);
      const value = code < 128 ? (base64Values[code] as number) : -1;
      if (value < 0) return undefined;
      word |= value << (18 - 6 * j);
    }
    for (let j = 0; j < digits - 1; j++) bytes[at++] = (word >> (16 - 8 * j)) & 255;
    if (digits < 4 && (word & (digits === 3 ? 255 : 65_535)) !== 0) return undefined;
  }
  return bytes;
}

/** One array of several. */
export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Whether two arrays hold the same bytes. Not for secrets: it stops at the first difference. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** A Uint8Array of `length` bytes, or of any length up to `most`. The message never shows its content: it may be secret. */
export function checkBytes(
  value: unknown,
  field: string,
  { length, most }: { readonly length?: number; readonly most?: number } = {},
  code: IntegrityErrorCode = 'ERR_INTEGRITY_ARGUMENT',
): Uint8Array {
  if (!(value instanceof Uint8Array))
    throw new IntegrityError(
      code,
      `${field} must be a Uint8Array${length === undefined ? '' : ` of ${length} bytes`}, not ${typeof value === 'string' ? 'a string' : describe(value)}`,
      { field },
    );
  if (length !== undefined && value.length !== length)
    throw new IntegrityError(code, `${field} must have ${length} bytes, not ${value.length}`, { field });
  if (most !== undefined && value.length > most)
    throw new IntegrityError(code, `${field} must have at most ${most} bytes, not ${value.length}`, {
      field,
    });
  return value;
}
