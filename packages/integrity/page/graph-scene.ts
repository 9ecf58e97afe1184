/** What is drawn of a graph, whatever draws it. */
import type { ServedView } from '../src/adapters/source.js';
import type { Point } from './graph-layout.js';

export interface SceneNode {
  readonly name: string;
  readonly type: string;
  readonly health: number;
  readonly weight: number;
  readonly radius: number;
  /** Which side of the cut it is on; undefined where there is no cut to show. */
  readonly side: 'a' | 'b' | undefined;
  /** Whether its name is drawn. */
  readonly named: boolean;
}

export interface SceneEdge {
  readonly source: number;
  readonly target: number;
  readonly type: string;
  readonly directed: boolean;
  readonly weight: number;
  /** Pixels. */
  readonly width: number;
  /** Whether it is in the current cut. */
  readonly cut: boolean;
  /** How far its middle is pushed aside, in pixels, so that parallel edges are several lines. */
  readonly bend: number;
}

export interface Scene {
  readonly nodes: readonly SceneNode[];
  readonly edges: readonly SceneEdge[];
  readonly cutEdges: number;
}

const namedUpTo = 60;
const bendStep = 22;

function keyOf(source: string, target: string, type: string, directed: boolean): string {
  return JSON.stringify([
    ...(directed || source < target ? [source, target] : [target, source]),
    type,
    directed,
  ]);
}

/** O(nodes + edges). */
export function sceneOf({ graph, sample }: ServedView): Scene {
  const { nodes, edges } = graph;
  const cut = new Set(
    (sample?.witness ?? []).map((edge) => keyOf(edge.source, edge.target, edge.type, edge.directed)),
  );
  const side = new Set(sample?.side ?? []);
  const index = new Map(nodes.map(({ name }, i) => [name, i]));
  const ends = new Set<number>();
  // A loop, so that no number of edges is too many arguments.
  let heaviest = 0;
  for (const { weight } of edges) if (Number.isFinite(weight)) heaviest = Math.max(heaviest, weight);
  const lanes = new Map<string, number>();
  const drawn: SceneEdge[] = [];
  for (const { source, target, type, directed, weight } of edges) {
    const [s, t] = [index.get(source), index.get(target)];
    if (s === undefined || t === undefined || s === t) continue;
    const inCut = cut.has(keyOf(source, target, type, directed));
    if (inCut) {
      ends.add(s);
      ends.add(t);
    }
    const pair = s < t ? `${s} ${t}` : `${t} ${s}`;
    const lane = lanes.get(pair) ?? 0;
    lanes.set(pair, lane + 1);
    // Straight, then alternately left and right, seen from the lower of the two.
    const aside = Math.ceil(lane / 2) * (lane % 2 === 1 ? 1 : -1) * bendStep;
    const share = heaviest > 0 ? Math.min(1, weight / heaviest) : 0;
    drawn.push({
      source: s,
      target: t,
      type,
      directed,
      weight,
      width: 1 + 6 * Math.sqrt(share),
      cut: inCut,
      bend: s < t ? aside : -aside,
    });
  }
  let largest = 0;
  for (const { weight } of nodes) if (Number.isFinite(weight)) largest = Math.max(largest, weight);
  const base = nodes.length > 300 ? 3 : nodes.length > namedUpTo ? 7 : 12;
  return {
    nodes: nodes.map(({ name, type, health, weight }, i) => ({
      name,
      type,
      health,
      weight,
      radius: base * (0.8 + 0.5 * Math.sqrt(largest > 0 ? Math.min(1, weight / largest) : 1)),
      side: side.size === 0 ? undefined : side.has(name) ? 'b' : 'a',
      named: nodes.length <= namedUpTo || ends.has(i) || (health < 0.5 && nodes.length <= 300),
    })),
    // The cut is drawn last, over all others.
    edges: [...drawn.filter((edge) => !edge.cut), ...drawn.filter((edge) => edge.cut)],
    cutEdges: cut.size,
  };
}

/** An edge as a quadratic curve from the rim of one node to the rim of the other. */
export interface Curve {
  readonly from: Point;
  readonly middle: Point;
  readonly to: Point;
  /** The point halfway along it. */
  readonly half: Point;
}

export function curveOf(edge: SceneEdge, { nodes }: Scene, points: readonly Point[]): Curve {
  const a = points[edge.source] as Point;
  const b = points[edge.target] as Point;
  const length = Math.hypot(b.x - a.x, b.y - a.y) || 1;
  const middle = {
    x: (a.x + b.x) / 2 - ((b.y - a.y) / length) * edge.bend * 2,
    y: (a.y + b.y) / 2 + ((b.x - a.x) / length) * edge.bend * 2,
  };
  const rim = (end: Point, node: SceneNode | undefined, gap: number): Point => {
    const away = Math.hypot(middle.x - end.x, middle.y - end.y) || 1;
    const step = Math.min(away, (node?.radius ?? 0) + gap);
    return { x: end.x + ((middle.x - end.x) / away) * step, y: end.y + ((middle.y - end.y) / away) * step };
  };
  const from = rim(a, nodes[edge.source], 3);
  const to = rim(b, nodes[edge.target], edge.directed ? 5 : 3);
  return {
    from,
    middle,
    to,
    half: { x: (from.x + 2 * middle.x + to.x) / 4, y: (from.y + 2 * middle.y + to.y) / 4 },
  };
}
