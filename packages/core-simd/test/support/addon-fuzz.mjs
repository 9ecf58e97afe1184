/**
 * Calls the addon itself, without the package's checks, with arguments of every kind:
 *
 *   node addon-fuzz.mjs <core_simd.node> <seed> <rounds>
 *
 * Whatever comes in, a call either refuses it with an error of the addon's own and changes nothing, or changes its results
 * and nothing else (the rest of their buffer, where they are of smaller elements than promised). Pairs and norms, which trust their caller for the kind, get arrays of that kind. A process of its own,
 * for a read too many may end it; under the address sanitizer (native.slow.test.ts) it does. Prints how many calls of
 * each function were accepted and refused, or throws.
 */
import { createRequire } from 'node:module';

const [file, seed, rounds] = process.argv.slice(2);
const addon = createRequire(import.meta.url)(file);

let state = Number(seed) >>> 0;

/** A whole number in [0, limit), the same on every run (mulberry32). */
function random(limit) {
  state = (state + 0x6d2b79f5) >>> 0;
  let t = state;
  t = Math.imul(t ^ (t >>> 15), t | 1);
  t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
  return ((t ^ (t >>> 14)) >>> 0) % limit;
}

const pick = (list) => list[random(list.length)];

const kinds = [
  ...[Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array],
  ...[Float32Array, Float64Array, BigInt64Array, BigUint64Array],
];

/** A view of `length` elements on memory of its own, which often ends where the view does. */
function arrayOf(Kind, length) {
  const size = Kind.BYTES_PER_ELEMENT;
  const offset = random(3) * size;
  const bytes = offset + length * size + pick([0, 0, 0, 1, 7, 64]);
  const shape = random(8);
  if (shape === 0) return new Kind(new SharedArrayBuffer(bytes), offset, length);
  if (shape === 1) {
    // Tracks the length of a buffer that shrinks, perhaps below the offset.
    const buffer = new ArrayBuffer(Math.ceil(bytes / 8) * 8 + 64, { maxByteLength: bytes + 128 });
    const view = random(2) === 0 ? new Kind(buffer, offset) : new Kind(buffer, offset, length);
    buffer.resize(pick([bytes, bytes, 0, offset, offset + (length >> 1) * size]));
    return view;
  }
  const view = new Kind(new ArrayBuffer(bytes), offset, length);
  if (shape === 2 && random(4) === 0) structuredClone(view.buffer, { transfer: [view.buffer] });
  return view;
}

/** Random bytes; small numbers where they may be indices. */
function filled(array) {
  if (array.length === 0) return array;
  if (array instanceof Uint32Array && random(4) > 0) return smallNumbers(array);
  const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
  for (let i = 0; i < bytes.length; i++) bytes[i] = random(256);
  return array;
}

function smallNumbers(array) {
  for (let i = 0; i < array.length; i++) array[i] = random(random(8) === 0 ? 30 : 3);
  return array;
}

const junk = () =>
  pick([
    ...[
      undefined,
      null,
      0,
      -1,
      1.5,
      Number.NaN,
      2 ** 32,
      2 ** 53,
      'x',
      Symbol('x'),
      10n,
      true,
      [],
      {},
      () => {},
    ],
    ...[[1, 2], new DataView(new ArrayBuffer(8)), new ArrayBuffer(8), Object.create(Float32Array.prototype)],
    new Proxy(new Float32Array(4), {}),
  ]);

/** An argument that is about right, or not at all. */
function argument(Kind, length) {
  const chance = random(40);
  if (chance === 0) return junk();
  if (chance < 3) return filled(arrayOf(pick(kinds), random(20)));
  if (chance < 5) return filled(arrayOf(Kind, random(40)));
  return filled(arrayOf(Kind, length));
}

const elementKinds = {
  f32: [Float32Array, Float32Array],
  f16: [Uint16Array, Uint16Array],
  bf16: [Uint16Array, Uint16Array],
  i8: [Int8Array, Int8Array],
  u8: [Uint8Array, Uint8Array],
  bits: [Uint8Array, Uint8Array],
  f32_f16: [Float32Array, Uint16Array],
};

/** Arguments of a shape, and which of them it writes to, in elements of how many bytes. */
function shapeArguments(shape, type) {
  const [A, B] = elementKinds[type];
  const n = pick([0, 1, 2, 3, 8, 17]);
  const count = random(20);
  const aCount = random(6);
  switch (shape) {
    case 'many':
      return {
        args: [argument(A, n), argument(B, n * count), argument(Float32Array, count)],
        outputs: { 2: 4 },
      };
    case 'gather': {
      const wanted = random(40);
      return {
        args: [
          ...[argument(A, n), argument(B, n * count)],
          ...[argument(Uint32Array, wanted), argument(Float32Array, wanted)],
        ],
        outputs: { 3: 4 },
      };
    }
    case 'matrix': {
      const dimensions = random(10) === 0 ? junk() : n;
      const out = argument(Float32Array, aCount * count);
      return { args: [argument(A, n * aCount), argument(B, n * count), dimensions, out], outputs: { 3: 4 } };
    }
    default: {
      const k = random(25);
      return {
        args: [
          ...[argument(A, n), argument(B, n * count)],
          ...[argument(Uint32Array, k), argument(Float32Array, k)],
        ],
        outputs: { 2: 4, 3: 4 },
      };
    }
  }
}

/** The bytes of an array's buffer, or undefined for what is no array or has lost its memory. */
function bytesOf(arg) {
  try {
    return ArrayBuffer.isView(arg) ? new Uint8Array(arg.buffer) : undefined;
  } catch {
    return undefined;
  }
}

const snapshot = (args) => args.map((arg) => bytesOf(arg)?.slice());

function checkUnchanged(what, args, before, outputs) {
  for (const [i, arg] of args.entries()) {
    const now = bytesOf(arg);
    if (now === undefined) continue;
    const own = i in outputs;
    // Of an array of smaller elements the addon only knows how far its buffer reaches.
    if (own && arg.BYTES_PER_ELEMENT < outputs[i]) continue;
    for (let byte = 0; byte < now.length; byte++) {
      if (own && byte >= arg.byteOffset && byte < arg.byteOffset + arg.byteLength) continue;
      if (now[byte] !== before[i][byte])
        throw new Error(`${what}: byte ${byte} of argument ${i} has changed`);
    }
  }
}

const tally = {};

function count(name, verdict) {
  tally[name] ??= { accepted: 0, refused: 0, badIndex: 0 };
  tally[name][verdict]++;
}

/** What an error says about the arguments; others are passed on. */
function verdictOf(error) {
  if (error?.code === 'ERR_SIMD_ADDON') return 'refused';
  if (error?.code === 'ERR_SIMD_ADDON_INDEX') return 'badIndex';
  throw error;
}

function attempt(name, f, args, outputs) {
  const before = snapshot(args);
  let verdict = 'accepted';
  try {
    f(...args);
  } catch (error) {
    verdict = verdictOf(error);
  }
  count(name, verdict);
  checkUnchanged(name, args, before, verdict === 'refused' ? {} : outputs);
}

/** The same off the thread, with arrays that nobody takes away meanwhile. */
async function attemptLater(kernels, shape, type, metric, args, outputs) {
  const name = `start ${shape}`;
  const before = snapshot(args);
  const control =
    random(30) === 0 ? junk() : new Int32Array(new SharedArrayBuffer(pick([12, 12, 12, 16, 8])));
  const words = [shape, type, metric].map((word) => (random(40) === 0 ? pick(['dotty', junk()]) : word));
  const list = random(40) === 0 ? junk() : args;
  const verdict = await new Promise((resolve, reject) => {
    const callback = (error, done) => {
      if (error === undefined && done !== true) reject(new Error('stopped for no reason'));
      try {
        resolve(error === undefined ? 'accepted' : verdictOf(error));
      } catch (other) {
        reject(other);
      }
    };
    try {
      kernels.start(...words, list, control, callback);
    } catch (error) {
      resolve(verdictOf(error));
    }
  });
  count(name, verdict);
  checkUnchanged(name, args, before, verdict === 'refused' ? {} : outputs);
}

function sparseArguments() {
  const [m, n] = [random(20), random(20)];
  return [
    ...[argument(Uint32Array, m), argument(Float32Array, m)],
    ...[argument(Uint32Array, n), argument(Float32Array, n)],
  ];
}

const conversionKinds = {
  f16_to_f32: [Uint16Array, Float32Array, 1],
  f32_to_f16: [Float32Array, Uint16Array, 1],
  bf16_to_f32: [Uint16Array, Float32Array, 1],
  f32_to_bf16: [Float32Array, Uint16Array, 1],
  f32_to_bits: [Float32Array, Uint8Array, 8],
  f16_to_bits: [Uint16Array, Uint8Array, 8],
  i8_to_bits: [Int8Array, Uint8Array, 8],
  normalise_f32: [Float32Array, Float32Array, 1],
  normalise_f16: [Uint16Array, Uint16Array, 1],
  normalise_bf16: [Uint16Array, Uint16Array, 1],
};

const variants = Object.values(addon.variants).map((bind) => bind());
for (let round = 0; round < Number(rounds); round++) {
  const kernels = pick(variants);
  for (const [type, metrics] of Object.entries(kernels.shapes)) {
    const metric = pick(Object.keys(metrics));
    const functions = metrics[metric];
    for (const shape of ['many', 'gather', 'matrix', 'topK']) {
      const { args, outputs } = shapeArguments(shape, type);
      attempt(shape, functions[shape], args, outputs);
      const later = shapeArguments(shape, type);
      if (round % 4 === 0) await attemptLater(kernels, shape, type, metric, later.args, later.outputs);
    }
    const [A, B] = elementKinds[type];
    const n = random(70);
    attempt('pair', functions.pair, [filled(arrayOf(A, n)), filled(arrayOf(B, n))], {});
    attempt('pair', functions.pair, [filled(arrayOf(A, n)), filled(arrayOf(B, random(70)))], {});
    if (kernels.norm[type] !== undefined) attempt('norm', kernels.norm[type], [filled(arrayOf(A, n))], {});
    const nothing = pick([junk(), new DataView(new ArrayBuffer(8)), {}, undefined]);
    if (!ArrayBuffer.isView(nothing) || nothing instanceof DataView) {
      attempt('pair', functions.pair, pick([[], [nothing], [nothing, nothing]]), {});
      attempt('norm', kernels.norm.f32, pick([[], [nothing]]), {});
    }
  }
  attempt('sparse', pick(Object.values(kernels.sparse)), sparseArguments(), {});
  for (const [name, [From, To, ratio]] of Object.entries(conversionKinds)) {
    const n = random(70);
    const args = [argument(From, n), argument(To, Math.ceil(n / ratio))];
    attempt('convert', kernels.convert[name], args, { 1: To.BYTES_PER_ELEMENT });
  }
}
process.stdout.write(JSON.stringify(tally));
