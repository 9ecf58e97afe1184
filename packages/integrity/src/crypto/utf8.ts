/** UTF-8 (RFC 3629), strict both ways. QuickJS has no TextEncoder. */

/**
 * Bytes that a UTF-16 string takes as UTF-8; -1 where it holds half of a surrogate pair, which has no UTF-8.
 */
export function utf8Length(text: string): number {
  let length = text.length;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 0x80) continue;
    if (code < 0x800) {
      length += 1;
    } else if (code < 0xd800 || code > 0xdfff) {
      length += 2;
    } else {
      const next = text.charCodeAt(i + 1);
      if (code > 0xdbff || !(next >= 0xdc00 && next <= 0xdfff)) return -1;
      // Two units become four bytes.
      length += 2;
      i++;
    }
  }
  return length;
}

/** Writes a well-formed string at `at`, where there must be room; returns the place after it. */
export function writeUtf8(text: string, into: Uint8Array, at: number): number {
  for (let i = 0; i < text.length; i++) {
    let code = text.charCodeAt(i);
    if (code < 0x80) {
      into[at++] = code;
      continue;
    }
    if (code < 0x800) {
      into[at++] = 0xc0 | (code >> 6);
    } else {
      if (code >= 0xd800 && code <= 0xdbff) {
        code = 0x10000 + ((code - 0xd800) << 10) + (text.charCodeAt(++i) - 0xdc00);
        into[at++] = 0xf0 | (code >> 18);
        into[at++] = 0x80 | ((code >> 12) & 63);
      } else {
        into[at++] = 0xe0 | (code >> 12);
      }
      into[at++] = 0x80 | ((code >> 6) & 63);
    }
    into[at++] = 0x80 | (code & 63);
  }
  return at;
}

/** UTF-8 of a string; undefined where it holds half of a surrogate pair. */
export function encodeUtf8(text: string): Uint8Array | undefined {
  const length = utf8Length(text);
  if (length < 0) return undefined;
  const bytes = new Uint8Array(length);
  writeUtf8(text, bytes, 0);
  return bytes;
}

/** UTF-8 of a string that is known to be ASCII, such as a prefix of this package. */
export function ascii(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

/**
 * The code point that starts at `at` and how many bytes it takes, as `point * 8 + bytes`; -1 where there is no shortest-form
 * UTF-8 of a scalar value (RFC 3629 section 4); -2 where what is there is the beginning of one and the bytes end.
 */
export function readCodePoint(bytes: Uint8Array, at: number, end: number): number {
  const first = bytes[at] as number;
  if (first < 0x80) return first * 8 + 1;
  let count: number;
  // The bounds of the second byte exclude long forms, surrogates and what is above U+10FFFF.
  let low = 0x80;
  let high = 0xbf;
  let point: number;
  if (first >= 0xc2 && first <= 0xdf) {
    count = 2;
    point = first & 31;
  } else if (first >= 0xe0 && first <= 0xef) {
    count = 3;
    point = first & 15;
    if (first === 0xe0) low = 0xa0;
    else if (first === 0xed) high = 0x9f;
  } else if (first >= 0xf0 && first <= 0xf4) {
    count = 4;
    point = first & 7;
    if (first === 0xf0) low = 0x90;
    else if (first === 0xf4) high = 0x8f;
  } else {
    return -1;
  }
  for (let i = 1; i < count; i++) {
    if (at + i >= end) return -2;
    const byte = bytes[at + i] as number;
    if (byte < low || byte > high) return -1;
    low = 0x80;
    high = 0xbf;
    point = point * 64 + (byte & 63);
  }
  return point * 8 + count;
}

/** The string of UTF-8 bytes; undefined where they are not UTF-8. */
export function decodeUtf8(bytes: Uint8Array): string | undefined {
  let text = '';
  let at = 0;
  while (at < bytes.length) {
    const read = readCodePoint(bytes, at, bytes.length);
    if (read < 0) return undefined;
    const point = Math.floor(read / 8);
    text += String.fromCodePoint(point);
    at += read % 8;
  }
  return text;
}
