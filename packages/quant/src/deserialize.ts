/** A serialized codec, of whatever kind, as a codec again. */
import { BinaryCodec } from './binary/codec.js';
import type { Codec, CodecKind } from './codec.js';
import { QuantError } from './errors.js';
import { Bfloat16Codec, Float16Codec } from './half/codec.js';
import { ProductCodec } from './product/codec.js';
import { RabitqCodec } from './rabitq/rabitq.js';
import { Int4Codec, Int8Codec, TwoLevelCodec } from './scalar/codec.js';
import { open, type Sections } from './serialize.js';

/** What reads the sections of each kind. It checks every value, and calls `end()` of both. */
const readers: Partial<Record<CodecKind, (sections: Sections) => Codec>> = {
  rabitq: RabitqCodec.read,
  int8: Int8Codec.read,
  int4: Int4Codec.read,
  'two-level': TwoLevelCodec.read,
  float16: Float16Codec.read,
  bfloat16: Bfloat16Codec.read,
  binary: BinaryCodec.read,
  product: ProductCodec.read,
};

/**
 * The codec that `serialize` has written.
 *
 * @param bytes exactly what `serialize` gave; not kept
 * @throws {QuantError} `ERR_QUANT_TYPE`; `_FORMAT` where these bytes are no codec or one of another format version;
 *   `_CORRUPT` where they were cut off or altered, or hold parameters that no codec has
 */
export function deserialize(bytes: Uint8Array): Codec {
  const sections = open(bytes);
  const read = readers[sections.kind];
  if (read === undefined) {
    throw new QuantError('ERR_QUANT_FORMAT', `deserialize: ${sections.kind} cannot be read by this version`);
  }
  return read(sections);
}
