import { describe, expect, it } from 'vitest';
import {
  type CutProblem,
  gomoryHuTree,
  groupCut,
  maxFlow,
  minCut,
  smallestNonTrivialCut,
  stoerWagner,
} from '../../src/index.js';
import { graphOf } from '../support/cut-graphs.js';

/** Edges of weight 1 from lists of neighbours: "0:1,2 1:2". */
function unweighted(nodeCount: number, lists: string): CutProblem {
  return graphOf(
    nodeCount,
    lists.split(/\s+/).flatMap((list) => {
      const [from, to] = list.split(':') as [string, string];
      return to.split(',').map((v): [number, number] => [Number(from), Number(v)]);
    }),
  );
}

// Zachary, An Information Flow Model for Conflict and Fission in Small Groups, J. Anthropological Research 33, 1977.
const karate = unweighted(
  34,
  `0:1,2,3,4,5,6,7,8,10,11,12,13,17,19,21,31 1:2,3,7,13,17,19,21,30 2:3,7,8,9,13,27,28,32 3:7,12,13 4:6,10 5:6,10,16
   6:16 8:30,32,33 9:33 13:33 14:32,33 15:32,33 18:32,33 19:33 20:32,33 22:32,33 23:25,27,29,32,33 24:25,27,31 25:31
   26:29,33 27:33 28:31,33 29:32,33 30:32,33 31:32,33 32:33`.trim(),
);

/** A solid as a graph: its 12 or 20 vertices, from the tables of neighbours. */
const icosahedron = unweighted(
  12,
  '0:1,5,7,8,11 1:2,5,6,8 2:3,6,8,9 3:4,6,9,10 4:5,6,10,11 5:6,11 7:8,9,10,11 8:9 9:10 10:11',
);
const dodecahedron = graphOf(
  20,
  // LCF notation [10, 7, 4, -4, -7, 10, -4, 7, -7, 4]^2 on a cycle of 20.
  [10, 7, 4, -4, -7, 10, -4, 7, -7, 4, 10, 7, 4, -4, -7, 10, -4, 7, -7, 4].flatMap(
    (jump, v): [number, number][] => {
      const to = (v + jump + 20) % 20;
      return to > v
        ? [
            [v, (v + 1) % 20],
            [v, to],
          ]
        : [[v, (v + 1) % 20]];
    },
  ),
);

describe('published values', () => {
  it('of the example in the documentation of networkx.stoer_wagner', () => {
    // x a b c d e y = 0 to 6.
    const problem = graphOf(7, [
      [0, 1, 3],
      [0, 2, 1],
      [1, 3, 3],
      [2, 3, 5],
      [2, 4, 4],
      [4, 5, 2],
      [3, 6, 2],
      [5, 6, 3],
    ]);
    expect(minCut(problem).value).toBe(4);
    expect(stoerWagner(problem).value).toBe(4);
  });

  it('of regular polyhedra: the degree', () => {
    // networkx.edge_connectivity documents 5 for the icosahedron.
    expect([icosahedron.weights.length, dodecahedron.weights.length]).toEqual([30, 30]);
    expect(minCut(icosahedron)).toMatchObject({ value: 5, side: Uint32Array.of(0) });
    expect(minCut(dodecahedron)).toMatchObject({ value: 3, side: Uint32Array.of(0) });
    // Every pair has the same: the tree is a star of the degree, and no cut of it has two nodes a side.
    expect([...gomoryHuTree(icosahedron).value.slice(1)]).toEqual(new Array(11).fill(5));
    expect(smallestNonTrivialCut(icosahedron)).toBeUndefined();
  });

  it('of the karate club', () => {
    expect(karate.weights).toHaveLength(78);
    // Member 12 knows only the instructor.
    expect(minCut(karate)).toMatchObject({ value: 1, side: Uint32Array.of(11) });
    expect(stoerWagner(karate).value).toBe(1);
    // The clubs after the fission, as in the data of networkx.
    const instructor = [0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12, 13, 16, 17, 19, 21];
    const { value, conductance } = groupCut(karate, instructor);
    const volume = instructor.reduce(
      (sum, v) => sum + [...karate.sources, ...karate.targets].filter((end) => end === v).length,
      0,
    );
    expect(value).toBe(11);
    expect(conductance).toBe(value / Math.min(volume, 156 - volume));
    // Newman, Girvan: modularity of the fission is 0.358.
    const modularity = 1 - value / 78 - (volume ** 2 + (156 - volume) ** 2) / 156 ** 2;
    expect(modularity).toBeCloseTo(0.358, 3);
  });

  it('of the flow network of Cormen, Leiserson, Rivest and Stein, figure 26.1', () => {
    // s v1 v2 v3 v4 t = 0 to 5.
    const network = {
      nodeCount: 6,
      sources: Uint32Array.of(0, 0, 2, 1, 3, 2, 4, 3, 4),
      targets: Uint32Array.of(1, 2, 1, 3, 2, 4, 3, 5, 5),
      capacities: Float64Array.of(16, 13, 4, 12, 9, 14, 7, 20, 4),
    };
    const { value, side, edges } = maxFlow(network, 0, 5);
    expect(value).toBe(23);
    expect([...side]).toEqual([0, 1, 2, 4]);
    expect([...edges]).toEqual([3, 6, 8]);
  });

  it("of igraph's own tests of st-cuts", () => {
    const first = maxFlow(
      {
        nodeCount: 6,
        sources: Uint32Array.of(0, 0, 1, 1, 2, 3, 3, 4),
        targets: Uint32Array.of(1, 2, 2, 3, 4, 4, 5, 5),
        capacities: Float64Array.of(5, 2, 2, 3, 4, 1, 2, 5),
      },
      0,
      5,
    );
    expect(first.value).toBe(7);
    const second = maxFlow(
      {
        nodeCount: 5,
        sources: Uint32Array.of(0, 1, 1, 2, 3),
        targets: Uint32Array.of(1, 2, 3, 4, 4),
        capacities: Float64Array.of(8, 2, 3, 3, 2),
      },
      0,
      4,
    );
    expect([second.value, [...second.side], [...second.edges]]).toEqual([4, [0, 1, 3], [1, 4]]);
  });

  it('of a ring of clusters: its two weakest links', () => {
    const [clusters, size] = [40, 5];
    const edges: [number, number, number][] = [];
    for (let c = 0; c < clusters; c++) {
      for (let u = 0; u < size; u++)
        for (let v = u + 1; v < size; v++) edges.push([c * size + u, c * size + v, 20]);
      // The link behind cluster 6 weighs 3, that behind 17 weighs 2, all others 7 or more.
      edges.push([c * size, ((c + 1) % clusters) * size, c === 6 ? 3 : c === 17 ? 2 : 7 + (c % 3)]);
    }
    const { value, side, edges: witness } = minCut(graphOf(clusters * size, edges));
    expect(value).toBe(5);
    expect([...side]).toEqual(Array.from({ length: 11 * size }, (_, i) => 7 * size + i));
    expect([...witness].map((edge) => edges[edge])).toEqual([edges[6 * 11 + 10], edges[17 * 11 + 10]]);
  });
});
