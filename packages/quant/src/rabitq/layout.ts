/** Where the bits of a code are: native/include/ruvector/quant/rabitq.h says it. */

/** Coordinates of a chunk of ex-bits, and of a query's plane. */
export const chunk = 256;

/** Lanes of a group in a query's plane. */
export const planeLanes = 32;

/** Vectors must not be longer, so that squares and their sums stay far inside of float32. */
export const maxNorm = 2 ** 60;

export interface Layout {
  /** Coordinates: a multiple of 8. */
  readonly n: number;
  /** 1 to 8. */
  readonly bits: number;
  /** Whether codes have the factors that a centre needs. */
  readonly centred: boolean;
  readonly signBytes: number;
  readonly exBytes: number;
  readonly factors: number;
  readonly codeBytes: number;
  readonly blockBytes: number;
  /** Places of the factors; -1 where there is no such. */
  readonly signScale: number;
  readonly length: number;
  readonly centre: number;
  readonly signCentre: number;
}

/** Places of the factors that every layout has. */
export const factor = { norm: 0, scale: 1, residual: 2 } as const;

export function layoutOf(n: number, bits: number, centred: boolean): Layout {
  const apart = bits > 1 ? 1 : 0;
  const factors = 3 + apart + (centred ? 2 + apart : 0);
  const signBytes = n / 8;
  const exBytes = (bits - 1) * signBytes;
  const codeBytes = signBytes + exBytes + 4 * factors;
  return {
    n,
    bits,
    centred,
    signBytes,
    exBytes,
    factors,
    codeBytes,
    blockBytes: 32 * codeBytes,
    signScale: apart === 1 ? 3 : -1,
    length: centred ? 3 + apart : -1,
    centre: centred ? 4 + apart : -1,
    signCentre: centred && apart === 1 ? 6 : -1,
  };
}

/** Planes of a query: two where one's precision would show. */
export function levelsOf(bits: number): number {
  return bits > 4 ? 2 : 1;
}

export function planeBytes(n: number): number {
  return Math.ceil(n / chunk) * chunk;
}

export function tableBytes(n: number): number {
  return 4 * n;
}

/** Lanes of the chunk that begins at coordinate `first`. */
export function lanesOf(n: number, first: number): number {
  return Math.min(n - first, chunk) / 8;
}

/** Where a query's plane has a coordinate. */
export function planePlace(i: number): number {
  const group = i & 7;
  return (i & ~(chunk - 1)) + ((group & 3) * 2 + (group >> 2)) * planeLanes + ((i & (chunk - 1)) >> 3);
}

/** The byte of the four-bit plane that has a group, in units of lanes. */
export function fourPlace(group: number): number {
  return ((group & 3) >> 1) * 2 + (group >> 2);
}

/** The order of sums that decide a code: eight of them, of coordinates 0, 8, 16 .., of 1, 9, 17 and so on. */
export function addEight(s: Float64Array): number {
  return s[0] + s[4] + (s[2] + s[6]) + (s[1] + s[5] + (s[3] + s[7]));
}

/** The sign bit of an exact float32: set of -0 too. */
export function isNegative(x: number): boolean {
  return x < 0 || Object.is(x, -0);
}

/**
 * Ex-codes from the planes of a code.
 *
 * @param ex of one code
 * @param codes takes n numbers below 2^exBits
 */
export function takeEx(ex: Uint8Array, n: number, exBits: number, codes: Uint8Array): void {
  let at = 0;
  for (let first = 0; first < n; first += chunk) {
    const lanes = lanesOf(n, first);
    for (let lane = 0; lane < lanes; lane++) {
      for (let group = 0; group < 8; group++) {
        let plane = at + lane;
        let shift = 0;
        let code = 0;
        if (exBits & 4) {
          code = (ex[plane + fourPlace(group) * lanes] >> ((group & 1) * 4)) & 15;
          plane += 4 * lanes;
          shift = 4;
        }
        if (exBits & 2) {
          code |= ((ex[plane + (group >> 2) * lanes] >> ((group & 3) * 2)) & 3) << shift;
          plane += 2 * lanes;
          shift += 2;
        }
        if (exBits & 1) code |= ((ex[plane] >> group) & 1) << shift;
        codes[first + lane * 8 + group] = code;
      }
    }
    at += exBits * lanes;
  }
}

/** The other way. `ex` is zero before. */
export function putEx(codes: Uint8Array, n: number, exBits: number, ex: Uint8Array): void {
  let at = 0;
  for (let first = 0; first < n; first += chunk) {
    const lanes = lanesOf(n, first);
    for (let lane = 0; lane < lanes; lane++) {
      for (let group = 0; group < 8; group++) {
        const code = codes[first + lane * 8 + group];
        let plane = at + lane;
        let shift = 0;
        if (exBits & 4) {
          ex[plane + fourPlace(group) * lanes] |= (code & 15) << ((group & 1) * 4);
          plane += 4 * lanes;
          shift = 4;
        }
        if (exBits & 2) {
          ex[plane + (group >> 2) * lanes] |= ((code >> shift) & 3) << ((group & 3) * 2);
          plane += 2 * lanes;
          shift += 2;
        }
        if (exBits & 1) ex[plane] |= ((code >> shift) & 1) << group;
      }
    }
    at += exBits * lanes;
  }
}
