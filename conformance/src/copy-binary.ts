/** PostgreSQL's binary COPY format (documentation, COPY, "Binary Format"), for tables of one column. */

const HEADER = Buffer.concat([Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1'), Buffer.alloc(8)]);
const TRAILER = Buffer.from([0xff, 0xff]);

/** A file with one row for each field. */
export function copyFile(fields: readonly Uint8Array[]): Buffer {
  const rows = fields.map((field) => {
    const head = Buffer.alloc(6);
    head.writeInt16BE(1, 0);
    head.writeInt32BE(field.length, 2);
    return Buffer.concat([head, field]);
  });
  return Buffer.concat([HEADER, ...rows, TRAILER]);
}

/** A vector as `vector_send` writes it: int16 dimensions, int16 `unused`, big-endian float4s. */
export function vectorField(
  values: readonly number[],
  overrides: { readonly dim?: number; readonly unused?: number } = {},
): Buffer {
  const field = Buffer.alloc(4 + 4 * values.length);
  field.writeUInt16BE((overrides.dim ?? values.length) & 0xffff, 0);
  field.writeUInt16BE((overrides.unused ?? 0) & 0xffff, 2);
  values.forEach((value, i) => {
    field.writeFloatBE(value, 4 + 4 * i);
  });
  return field;
}
