import { describe, expect, it } from 'vitest';
import { type CutProblem, IntegrityError, minCut, stoerWagner } from '../../src/index.js';
import { cutWeight, families, graphOf, nodesOf, randomGraph } from '../support/cut-graphs.js';
import { Random } from '../support/random.js';
import { scale } from '../support/scale.js';

/** All minimum cuts by trying every set: value, and the side that is canonical by its definition. */
function bruteForce(problem: CutProblem): { value: number; side: readonly number[] } {
  const n = problem.nodeCount;
  let value = Number.POSITIVE_INFINITY;
  let sides: number[][] = [];
  for (let bits = 1; bits < 2 ** n - 1; bits++) {
    const weight = cutWeight(problem, bits);
    if (weight < value) {
      value = weight;
      sides = [];
    }
    if (weight === value) sides.push(nodesOf(bits, n));
  }
  sides.sort((a, b) => {
    if (a.length !== b.length) return a.length - b.length;
    const at = a.findIndex((node, i) => node !== b[i]);
    return at < 0 ? 0 : (a[at] as number) - (b[at] as number);
  });
  return { value, side: sides[0] as number[] };
}

function witnessWeight(problem: CutProblem, edges: Uint32Array): number {
  let sum = 0;
  for (const edge of edges) sum += problem.weights[edge] as number;
  return sum;
}

describe('minCut', () => {
  it('is the canonical one of all minimum cuts', () => {
    const random = new Random(11);
    for (let round = 0; round < scale(1500); round++) {
      const problem = randomGraph(random, 2, 9);
      const expected = bruteForce(problem);
      const { value, side, edges, exact } = minCut(problem);
      expect([value, exact]).toEqual([expected.value, true]);
      expect([...side]).toEqual(expected.side);
      expect(witnessWeight(problem, edges)).toBe(value);
    }
  });

  it('equals Stoer and Wagner on more than 10,000 random graphs', () => {
    const random = new Random(12);
    const rounds = scale(10_500);
    let connected = 0;
    for (let round = 0; round < rounds; round++) {
      const problem = randomGraph(random, 2, round % 10 === 0 ? 40 : 14);
      const { value, edges, side } = minCut(problem);
      expect(value).toBe(stoerWagner(problem).value);
      expect(witnessWeight(problem, edges)).toBe(value);
      expect(2 * side.length).toBeLessThanOrEqual(problem.nodeCount);
      if (value > 0) connected++;
    }
    expect(connected).toBeGreaterThan(rounds / 2);
  });

  it('does not depend on the order of edges, and follows a renaming of nodes', () => {
    const random = new Random(13);
    for (let round = 0; round < scale(300); round++) {
      const problem = randomGraph(random, 2, 24);
      const { nodeCount: n, sources, targets, weights } = problem;
      const found = minCut(problem);
      const order = Array.from(weights, (_, i) => i).sort(() => random.float() - 0.5);
      const shuffled = minCut({
        nodeCount: n,
        sources: Uint32Array.from(order, (i) => targets[i] as number),
        targets: Uint32Array.from(order, (i) => sources[i] as number),
        weights: Float64Array.from(order, (i) => weights[i] as number),
      });
      expect([...shuffled.side]).toEqual([...found.side]);
      const name = Array.from({ length: n }, (_, v) => n - 1 - v);
      const renamed = minCut({
        ...problem,
        sources: sources.map((v) => name[v] as number),
        targets: targets.map((v) => name[v] as number),
      });
      expect(renamed.value).toBe(found.value);
      expect(renamed.side.length).toBe(found.side.length);
    }
  });

  it('has the values that are known', () => {
    // Stoer and Wagner 1997, figure 1.
    const paper = graphOf(8, [
      [0, 1, 2],
      [0, 4, 3],
      [1, 2, 3],
      [1, 4, 2],
      [1, 5, 2],
      [2, 3, 4],
      [2, 6, 2],
      [3, 6, 2],
      [3, 7, 2],
      [4, 5, 3],
      [5, 6, 1],
      [6, 7, 3],
    ]);
    expect(minCut(paper).value).toBe(4);
    expect([...minCut(paper).side]).toEqual([0, 1, 4, 5]);
    const hypercube = (d: number) =>
      graphOf(
        2 ** d,
        Array.from({ length: 2 ** d }, (_, v) => v).flatMap((v) =>
          Array.from({ length: d }, (_, bit): [number, number] => [v, v ^ (1 << bit)]).filter(
            ([a, b]) => a < b,
          ),
        ),
      );
    const complete = (n: number) =>
      graphOf(
        n,
        Array.from({ length: n * n }, (_, i): [number, number] => [Math.floor(i / n), i % n]).filter(
          ([u, v]) => u < v,
        ),
      );
    const petersen = graphOf(
      10,
      Array.from({ length: 5 }, (_, i): [number, number][] => [
        [i, (i + 1) % 5],
        [i, i + 5],
        [i + 5, ((i + 2) % 5) + 5],
      ]).flat(),
    );
    for (const d of [2, 3, 4, 6]) expect(minCut(hypercube(d)).value).toBe(d);
    for (const n of [2, 3, 5, 17]) expect(minCut(complete(n)).value).toBe(n - 1);
    expect(minCut(petersen).value).toBe(3);
    // A cycle has n (n - 1) / 2 minimum cuts; the canonical one is the first node.
    const cycle = minCut((families.cycle as NonNullable<typeof families.cycle>)(200, new Random(1)));
    expect([cycle.value, [...cycle.side]]).toEqual([4, [0]]);
  });

  it('finds the bridge between two communities that no degree shows', () => {
    const random = new Random(14);
    const edges: [number, number, number][] = [];
    for (let i = 0; i < 2000; i++) {
      const side = 100 * random.below(2);
      edges.push([side + random.below(100), side + random.below(100), 3]);
    }
    for (let i = 0; i < 4; i++) edges.push([i, 100 + i, 1]);
    const { value, side, edges: witness } = minCut(graphOf(200, edges));
    expect(value).toBe(4);
    expect([...side]).toEqual(Array.from({ length: 100 }, (_, v) => v));
    expect([...witness]).toEqual([2000, 2001, 2002, 2003]);
  });

  it('says which components there are when the graph is not connected', () => {
    const problem = graphOf(7, [
      [0, 3],
      [3, 5],
      [1, 2],
      [4, 6],
      [0, 1, 0],
    ]);
    const { value, side, edges, components } = minCut(problem);
    expect(value).toBe(0);
    expect([...side]).toEqual([1, 2]);
    expect(edges).toHaveLength(0);
    expect(components.map((each) => [...each])).toEqual([
      [0, 3, 5],
      [1, 2],
      [4, 6],
    ]);
  });

  it('has no cut below two nodes', () => {
    for (const n of [0, 1]) {
      const { value, side, components } = minCut(graphOf(n, []));
      expect([value, side.length, components.length]).toEqual([0, 0, n]);
    }
  });

  it('is exact for fractions, and says by how much it may be wrong where weights are too far apart', () => {
    const fractions = minCut(
      graphOf(3, [
        [0, 1, 0.375],
        [1, 2, 0.375],
        [2, 0, 2 ** -48],
      ]),
    );
    expect([fractions.exact, fractions.errorBound]).toEqual([true, 0]);
    expect(fractions.value).toBe(0.375 + 2 ** -48);
    const random = new Random(15);
    let rounded = 0;
    for (let round = 0; round < scale(300); round++) {
      const n = 3 + random.below(6);
      const weight = () => random.float() * 2 ** (random.below(400) - 200);
      const problem = graphOf(
        n,
        Array.from({ length: 3 * n }, (): [number, number, number] => [
          random.below(n),
          random.below(n),
          weight(),
        ]),
      );
      const { value, exact, errorBound } = minCut(problem);
      let expected = Number.POSITIVE_INFINITY;
      for (let bits = 1; bits < 2 ** n - 1; bits++) expected = Math.min(expected, cutWeight(problem, bits));
      // The brute force adds doubles, which has an error of its own.
      expect(Math.abs(value - expected)).toBeLessThanOrEqual(errorBound + 1e-12 * expected);
      if (!exact) rounded++;
    }
    expect(rounded).toBeGreaterThan(0);
    for (const tiny of [2 ** -1074, 1e-310, 1e308])
      expect(minCut(graphOf(2, [[0, 1, tiny]])).value).toBe(tiny);
    expect(
      minCut(
        graphOf(3, [
          [0, 1, 1e308],
          [1, 2, 5e-324],
        ]),
      ).side.length,
    ).toBe(1);
  });

  it('refuses what is no graph', () => {
    const bad: [Partial<CutProblem>, string][] = [
      [{ weights: Float64Array.of(-1) }, 'ERR_INTEGRITY_CAPACITY'],
      [{ weights: Float64Array.of(Number.NaN) }, 'ERR_INTEGRITY_CAPACITY'],
      [{ weights: Float64Array.of(Number.POSITIVE_INFINITY) }, 'ERR_INTEGRITY_CAPACITY'],
      [{ weights: [1] as never }, 'ERR_INTEGRITY_ARGUMENT'],
      [{ sources: Uint32Array.of(0, 1) }, 'ERR_INTEGRITY_ARGUMENT'],
      [{ targets: Uint32Array.of(2) }, 'ERR_INTEGRITY_UNKNOWN_NODE'],
      [{ nodeCount: 1e9 }, 'ERR_INTEGRITY_LIMIT'],
      [{ nodeCount: 1.5 }, 'ERR_INTEGRITY_ARGUMENT'],
    ];
    for (const [change, code] of bad) {
      let error: unknown;
      try {
        minCut({ ...graphOf(2, [[0, 1, 1]]), ...change });
      } catch (thrown) {
        error = thrown;
      }
      expect(error).toBeInstanceOf(IntegrityError);
      expect((error as IntegrityError).code).toBe(code);
    }
  });
});
