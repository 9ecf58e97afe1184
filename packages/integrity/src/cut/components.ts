/**
 * The connected components of a graph, by union-find. O(m) in practice.
 *
 * @param weights edges of weight 0 connect nothing
 * @returns sorted lists of nodes, ordered by their first nodes
 */
export function componentsOf(
  nodeCount: number,
  sources: Uint32Array,
  targets: Uint32Array,
  weights: Float64Array,
): readonly Uint32Array[] {
  const parent = new Uint32Array(nodeCount);
  for (let v = 0; v < nodeCount; v++) parent[v] = v;
  const find = (v: number): number => {
    let node = v;
    while (parent[node] !== node) {
      const up = parent[parent[node] as number] as number;
      parent[node] = up;
      node = up;
    }
    return node;
  };
  let count = nodeCount;
  for (let i = 0; i < weights.length && count > 1; i++) {
    if (!((weights[i] as number) > 0)) continue;
    const a = find(sources[i] as number);
    const b = find(targets[i] as number);
    if (a === b) continue;
    if (a < b) parent[b] = a;
    else parent[a] = b;
    count--;
  }
  const sizes = new Uint32Array(nodeCount);
  for (let v = 0; v < nodeCount; v++) sizes[find(v)] = (sizes[find(v)] as number) + 1;
  const lists = new Map<number, Uint32Array>();
  const filled = new Uint32Array(nodeCount);
  for (let v = 0; v < nodeCount; v++) {
    const root = find(v);
    let list = lists.get(root);
    if (list === undefined) {
      list = new Uint32Array(sizes[root] as number);
      lists.set(root, list);
    }
    list[filled[root] as number] = v;
    filled[root] = (filled[root] as number) + 1;
  }
  return [...lists.values()];
}
