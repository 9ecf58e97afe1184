/**
 * What every provider checks before it verifies, so that all of them give the same verdict.
 *
 * RFC 8032 leaves room, and libraries differ in it (Chalkias, Garillot, Nikolaenko, "Taming the many EdDSAs", SSR 2020). For a
 * log two verdicts on one record are worse than either, and a key that verifies anything under several messages is no identity.
 * So here, as in that paper's recommendation for strong binding and as `verify_strict` of ed25519-dalek does:
 *
 * - S is less than the group order L (RFC 8032 section 5.1.7): no second signature by adding L.
 * - The public key A and the point R are canonical encodings, y < p.
 * - Neither is a point of small order. Those are y = 0, 1, -1 and the two y of order 8, whatever the sign of x; so the encodings
 *   of x = 0 with the sign bit set, which are not canonical either, fall with them.
 * - The equation is the one without the cofactor: encode([S]B - [k]A) equals the bytes R. It is what OpenSSL computes.
 */

/** The order of the base point, 2^252 + 27742317777372353535851937790883648493, little-endian. */
const order = Uint8Array.of(
  0xed,
  0xd3,
  0xf5,
  0x5c,
  0x1a,
  0x63,
  0x12,
  0x58,
  0xd6,
  0x9c,
  0xf7,
  0xa2,
  0xde,
  0xf9,
  0xde,
  0x14,
  ...new Uint8Array(15),
  0x10,
);

/** p = 2^255 - 19, little-endian. */
const prime = Uint8Array.of(0xed, ...new Uint8Array(30).fill(0xff), 0x7f);

/** Little-endian numbers of 32 bytes; the sign bit of x, the highest of `a`, does not count when `masked`. */
function isLess(a: Uint8Array, at: number, b: Uint8Array, masked: boolean): boolean {
  for (let i = 31; i >= 0; i--) {
    const left = (a[at + i] as number) & (masked && i === 31 ? 127 : 255);
    const right = b[i] as number;
    if (left !== right) return left < right;
  }
  return false;
}

/** The y coordinates of the eight points whose order divides 8. */
const smallOrder: readonly Uint8Array[] = [
  new Uint8Array(32),
  Uint8Array.of(1, ...new Uint8Array(31)),
  Uint8Array.of(0xec, ...prime.subarray(1)),
  Uint8Array.of(
    ...[0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0],
    ...[0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05],
  ),
  Uint8Array.of(
    ...[0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f],
    ...[0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a],
  ),
];

/** Whether 32 bytes can be the encoding of a point of large order: all but whether x exists. */
function isStrictPoint(bytes: Uint8Array, at: number): boolean {
  if (!isLess(bytes, at, prime, true)) return false;
  return !smallOrder.some((y) =>
    y.every((byte, i) => byte === ((bytes[at + i] as number) & (i === 31 ? 127 : 255))),
  );
}

/** Whether a public key passes the checks above. Whether x exists is left to the curve. */
export function isStrictPublicKey(publicKey: Uint8Array): boolean {
  return publicKey.length === 32 && isStrictPoint(publicKey, 0);
}

/** Whether a public key and a signature pass the checks above. */
export function isStrict(publicKey: Uint8Array, signature: Uint8Array): boolean {
  return (
    isStrictPublicKey(publicKey) &&
    signature.length === 64 &&
    isStrictPoint(signature, 0) &&
    isLess(signature, 32, order, false)
  );
}
