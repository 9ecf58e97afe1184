/** Assertions for any test runner: they throw. */
import type { HnswErrorCode } from '../errors.js';

export function ok(value: boolean, message: string): asserts value {
  if (!value) throw new Error(message);
}

function show(value: unknown): string {
  return JSON.stringify(value, (_, each: unknown) => {
    if (typeof each === 'bigint') return `${each}n`;
    if (ArrayBuffer.isView(each)) return Array.from(each as Uint8Array);
    return typeof each === 'number' && !Number.isFinite(each) ? String(each) : each;
  });
}

/** Plain values, arrays and typed arrays with the same elements; a typed array equals an array. */
export function same(actual: unknown, wanted: unknown, what: string): void {
  const [a, b] = [show(actual), show(wanted)];
  if (a !== b) throw new Error(`${what}: got ${a.slice(0, 400)}, wanted ${b.slice(0, 400)}`);
}

export function near(actual: number, wanted: number, what: string): void {
  if (actual === wanted || Math.abs(actual - wanted) <= tolerance(wanted)) return;
  throw new Error(`${what}: got ${actual}, wanted ${wanted}`);
}

/** What sums in float32 may be wrong by, for the vectors of this suite. */
export function tolerance(distance: number): number {
  return 2e-5 * (1 + Math.abs(distance));
}

function checkCode(error: unknown, code: HnswErrorCode, what: string): Error & { done: number } {
  ok(error instanceof Error, `${what}: threw ${String(error)}, which is no Error`);
  const { code: got, message } = error as Error & { code?: unknown };
  ok(got === code, `${what}: wanted ${code}, got ${String(got)}: ${message}`);
  ok(message.length > 0, `${what}: the error has no message`);
  return error as Error & { done: number };
}

export function throws(code: HnswErrorCode, what: string, body: () => unknown): Error & { done: number } {
  let result: unknown;
  try {
    result = body();
  } catch (error) {
    return checkCode(error, code, what);
  }
  throw new Error(`${what}: wanted ${code}, got a result: ${String(result)}`);
}

/** Of a promise; the call that makes it must not throw. */
export async function rejects(
  code: HnswErrorCode,
  what: string,
  body: () => Promise<unknown>,
): Promise<Error & { done: number }> {
  const promise = body();
  try {
    await promise;
  } catch (error) {
    return checkCode(error, code, what);
  }
  throw new Error(`${what}: wanted ${code}, got a result`);
}
