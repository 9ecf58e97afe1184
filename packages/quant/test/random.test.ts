import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { nativeDir, simd } from '../native/toolchain.mjs';
import { Random } from '../src/random.js';
import { removeTemporary, temporaryDir } from './support/native.js';

afterAll(removeTemporary);

describe('Random', () => {
  it('gives these numbers, on every machine and for ever', () => {
    const random = new Random(1);
    expect(Array.from({ length: 6 }, () => random.next())).toMatchInlineSnapshot(`
      [
        2442144158,
        3238099751,
        3819917871,
        2104621829,
        2021136066,
        4223536128,
      ]
    `);
    const other = new Random(1, 2);
    expect([other.next(), other.unit(), other.below(10)]).toMatchInlineSnapshot(`
      [
        3037999194,
        0.6834450409356961,
        8,
      ]
    `);
  });

  it('gives what native/src/random.h gives', async ({ skip }) => {
    let cxx: string[];
    try {
      cxx = simd.findCompiler('CXX');
    } catch {
      return skip('no C++ compiler');
    }
    const dir = temporaryDir();
    const source = join(dir, 'random.cpp');
    writeFileSync(
      source,
      `#include <stdio.h>
#include "${join(nativeDir, 'src/random.h')}"
int main()
{
	for (unsigned seed : {0u, 1u, 77u, 4294967295u})
	{
		rv::random r(seed, seed & 3);

		for (int i = 0; i < 50; i++)
		{
			unsigned a = r.next();
			double b = r.unit();
			unsigned c = r.below(1);

			printf("%u %.17g %u %u\\n", a, b, c, r.below(3000000000u));
		}
	}
}
`,
    );
    await simd.compile([
      ...cxx,
      '-std=c++17',
      '-include',
      'initializer_list',
      source,
      '-o',
      join(dir, 'random'),
    ]);
    const { stdout } = await simd.run([join(dir, 'random')]);
    const lines = [0, 1, 77, 4294967295].flatMap((seed) => {
      const random = new Random(seed, seed & 3);
      return Array.from({ length: 50 }, () =>
        [random.next(), random.unit(), random.below(1), random.below(3_000_000_000)].join(' '),
      );
    });
    expect(
      stdout
        .trim()
        .split('\n')
        .map((line) => line.split(' ').map(Number).join(' ')),
    ).toEqual(lines);
  });

  it('is uniform, and normal where it says so', () => {
    const random = new Random(3);
    const counts = new Float64Array(10);
    for (let i = 0; i < 100_000; i++) counts[random.below(10)]++;
    // Chi square with 9 degrees of freedom is above 33 with a probability of 1.3e-4.
    expect(counts.reduce((sum, each) => sum + (each - 10_000) ** 2 / 10_000, 0)).toBeLessThan(33);
    const normals = Float64Array.from({ length: 100_000 }, () => random.normal());
    const moment = (k: number) => normals.reduce((sum, each) => sum + each ** k, 0) / normals.length;
    expect(Math.abs(moment(1))).toBeLessThan(4 / Math.sqrt(1e5));
    expect(Math.abs(moment(2) - 1)).toBeLessThan(4 * Math.sqrt(2 / 1e5));
    expect(Math.abs(moment(4) - 3)).toBeLessThan(4 * Math.sqrt(96 / 1e5));
  });
});
