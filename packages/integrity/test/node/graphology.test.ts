import { DirectedGraph, MultiGraph, UndirectedGraph } from 'graphology';
import { describe, expect, it } from 'vitest';
import { ContractedGraph, fromGraphology, toGraphology } from '../../src/index.js';

describe('graphology', () => {
  it('gets a graph and gives back an equal one', () => {
    const graph = new ContractedGraph();
    graph.batch([
      { op: 'node', name: 'a', type: 'worker', health: 0.5, weight: 3 },
      { op: 'node', name: 'b', type: 'queue' },
      { op: 'edge', source: 'b', target: 'a', type: 'x', capacity: 4, demand: 1, health: 0.5 },
      { op: 'edge', source: 'b', target: 'a', type: 'x', directed: true, capacity: 5, cost: { read: 2 } },
      { op: 'edge', source: 'b', target: 'a', type: 'y', capacity: 6, offered: { read: 1 } },
    ]);
    const theirs = toGraphology(graph, new MultiGraph());
    expect([theirs.order, theirs.directedSize, theirs.undirectedSize]).toEqual([2, 1, 2]);
    const { nodes, edges } = fromGraphology(theirs).snapshot();
    expect(nodes).toEqual(graph.snapshot().nodes);
    expect(edges).toEqual(graph.snapshot().edges);
  });

  it('takes weights for capacities, adds parallel edges and leaves loops out', () => {
    const theirs = new MultiGraph();
    theirs.addNode('a');
    theirs.addNode('b');
    theirs.addUndirectedEdge('a', 'b', { weight: 1 });
    theirs.addUndirectedEdge('b', 'a', { weight: 2 });
    theirs.addUndirectedEdge('a', 'a', { weight: 100 });
    expect([...fromGraphology(theirs).snapshot().weights]).toEqual([3]);
  });

  it('keeps directions', () => {
    const theirs = new DirectedGraph();
    theirs.mergeEdge('b', 'a', { cap: 7 });
    const [edge] = fromGraphology(theirs, { capacity: 'cap' }).snapshot().edges;
    expect(edge).toMatchObject({ source: 'b', target: 'a', directed: true, capacity: 7 });
  });

  it('is refused where an edge has no capacity', () => {
    const theirs = new UndirectedGraph();
    theirs.mergeEdge('a', 'b');
    expect(() => fromGraphology(theirs)).toThrow(/no number in its attribute "capacity"/);
  });
});
