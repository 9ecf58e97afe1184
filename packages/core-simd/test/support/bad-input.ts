/** Calls with what types forbid, what they throw, and arrays without memory. */
import { expect } from 'vitest';
import type { SimdModule } from './backend.js';

export type Kind = 'Float32Array' | 'Uint16Array' | 'Int8Array' | 'Uint8Array' | 'Uint32Array';
/** Dimensions of all arrays here, above every threshold for short pairs when a variant is not forced. */
export const n = 300;

export const constructors = { Float32Array, Uint16Array, Int8Array, Uint8Array, Uint32Array };

export function call(simd: SimdModule, operation: string, args: unknown[]): unknown {
  const path = operation.split('.');
  const f = path.reduce((value, key) => (value as Record<string, unknown>)[key], simd as unknown);
  return (f as (...args: unknown[]) => unknown)(...args);
}

export function failure(
  simd: SimdModule,
  operation: string,
  args: unknown[],
): { code: string; message: string } {
  try {
    call(simd, operation, args);
  } catch (error) {
    expect(error).toBeInstanceOf(simd.SimdError);
    const { code, message, name } = error as { code: string; message: string; name: string };
    expect(name).toBe('SimdError');
    return { code, message };
  }
  throw new Error(`${operation} did not throw`);
}

export function detached(kind: Kind): unknown {
  const array = new constructors[kind](n);
  structuredClone(array.buffer, { transfer: [array.buffer] });
  return array;
}

/** A view that lies outside of its buffer since that shrank. */
export function stranded(kind: Kind): unknown {
  const Resizable = ArrayBuffer as unknown as new (
    bytes: number,
    options: { maxByteLength: number },
  ) => ArrayBuffer & { resize(bytes: number): void };
  const size = constructors[kind].BYTES_PER_ELEMENT;
  const buffer = new Resizable(size * (n + 8), { maxByteLength: 2 * size * (n + 8) });
  const array = new constructors[kind](buffer, size * 8, n);
  buffer.resize(size * 8);
  return array;
}

/** What a proxy does when it is asked anything. */
export const trap = (): never => {
  throw new Error('a trap was sprung');
};
