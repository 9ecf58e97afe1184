/**
 * Where nodes stand: forces (d3-force), started from the same places each time, so that the same graph looks the same. A change of
 * weights or health moves nothing; nodes that come and go leave the others about where they were.
 */
import {
  forceCollide,
  forceLink,
  forceManyBody,
  forceSimulation,
  forceX,
  forceY,
  type Simulation,
} from 'd3-force';
import type { ServedView } from '../src/adapters/source.js';
import { reducedMotion } from './dom.js';

interface Placed {
  readonly name: string;
  index?: number;
  x?: number;
  y?: number;
  vx?: number;
  vy?: number;
}

/** A place in the layout's own units. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** How far apart the layers of a flow are. */
const layer = 110;

/**
 * The layer of each node: how many edges it is from where things begin, along directed edges. Undefined unless most edges are
 * directed and something begins: then there is no direction to show. O(nodes + edges).
 */
function layersOf(
  count: number,
  arrows: readonly (readonly [number, number])[],
  links: number,
): Int32Array | undefined {
  if (arrows.length * 2 < links || arrows.length === 0) return undefined;
  const after: number[][] = Array.from({ length: count }, () => []);
  const entered = new Uint8Array(count);
  for (const [source, target] of arrows) {
    after[source]?.push(target);
    entered[target] = 1;
  }
  const layers = new Int32Array(count).fill(-1);
  const queue: number[] = [];
  for (let i = 0; i < count; i++) if (entered[i] === 0 && (after[i] as number[]).length > 0) queue.push(i);
  if (queue.length === 0) return undefined;
  for (const start of queue) layers[start] = 0;
  for (const node of queue)
    for (const next of after[node] as number[])
      if (layers[next] === -1) {
        layers[next] = (layers[node] as number) + 1;
        queue.push(next);
      }
  return layers;
}

/** Milliseconds of a frame that the layout may take. */
const budgetMs = 10;

export class GraphLayout {
  readonly #onMove: () => void;
  #simulation: Simulation<Placed, undefined> | undefined;
  #nodes: readonly Placed[] = [];
  #shape = '';
  #frame: number | undefined;
  #flows = false;

  /** @param onMove called when nodes have moved: while they settle, or only then for readers who want things to keep still */
  constructor(onMove: () => void) {
    this.#onMove = onMove;
  }

  /** Whether left to right means something. */
  get flows(): boolean {
    return this.#flows;
  }

  /** In the order of the view's nodes. */
  get points(): readonly Point[] {
    return this.#nodes.map(({ x = 0, y = 0 }) => ({ x, y }));
  }

  /** Takes a graph; does nothing if it has the nodes and edges that it had. */
  update({ nodes, edges }: ServedView['graph']): void {
    const pairs = new Set(edges.map(({ source, target }) => JSON.stringify([source, target])));
    const shape = JSON.stringify([nodes.map(({ name }) => name), [...pairs]]);
    if (shape === this.#shape) return;
    this.#shape = shape;
    const before = new Map(this.#nodes.map((node) => [node.name, node]));
    const fresh = before.size === 0;
    this.#nodes = nodes.map(({ name }) => {
      const old = before.get(name);
      return old?.x === undefined || old.y === undefined ? { name } : { name, x: old.x, y: old.y };
    });
    const index = new Map(nodes.map(({ name }, i) => [name, i]));
    const links = [...pairs]
      .map((pair) => JSON.parse(pair) as [string, string])
      .map(([source, target]) => ({ source: index.get(source), target: index.get(target) }))
      .filter(
        (link): link is { source: number; target: number } =>
          link.source !== undefined && link.target !== undefined && link.source !== link.target,
      );
    const arrows = edges
      .filter(({ directed }) => directed)
      .map(({ source, target }) => [index.get(source), index.get(target)] as const)
      .filter((pair): pair is readonly [number, number] => pair[0] !== undefined && pair[1] !== undefined);
    const layers = layersOf(nodes.length, arrows, edges.length);
    const layerOf = (_: Placed, i: number): number => layers?.[i] ?? -1;
    this.#flows = layers !== undefined;
    this.#simulation?.stop();
    this.#simulation = forceSimulation<Placed>([...this.#nodes])
      .force('link', forceLink(links).distance(70))
      .force(
        'charge',
        forceManyBody()
          .strength(nodes.length > 300 ? -60 : -320)
          .theta(0.9),
      )
      .force('collide', forceCollide(layers === undefined || nodes.length > 300 ? 26 : 46))
      // A flow goes from left to right; what is not part of one only keeps near.
      .force(
        'x',
        forceX<Placed>((node, i) => Math.max(0, layerOf(node, i)) * layer).strength((node, i) =>
          layerOf(node, i) < 0 ? 0.05 : 0.9,
        ),
      )
      .force('y', forceY(0).strength(layers === undefined ? 0.09 : 0.04))
      .alpha(fresh ? 1 : 0.4)
      .stop();
    this.#settle();
  }

  #settle(): void {
    if (this.#frame !== undefined) cancelAnimationFrame(this.#frame);
    const still = reducedMotion();
    const step = (): void => {
      const simulation = this.#simulation;
      if (simulation === undefined) return;
      const from = performance.now();
      while (simulation.alpha() > simulation.alphaMin() && performance.now() - from < budgetMs)
        simulation.tick();
      const settled = simulation.alpha() <= simulation.alphaMin();
      this.#frame = settled ? undefined : requestAnimationFrame(step);
      if (settled || !still) this.#onMove();
    };
    step();
  }
}

/** Puts points into a box with a margin, in both directions as far as they go. */
export function fit(
  points: readonly Point[],
  width: number,
  height: number,
  margin: number,
): readonly Point[] {
  let [left, right, top, bottom] = [Infinity, -Infinity, Infinity, -Infinity];
  for (const { x, y } of points) {
    left = Math.min(left, x);
    right = Math.max(right, x);
    top = Math.min(top, y);
    bottom = Math.max(bottom, y);
  }
  const scale = (size: number, low: number, high: number): ((value: number) => number) => {
    const room = Math.max(1, size - 2 * margin);
    // A few nodes are not blown up to the whole box.
    const factor = high > low ? Math.min(room / (high - low), 2.2) : 0;
    return (value) => size / 2 + (value - (low + high) / 2) * factor;
  };
  const toX = scale(width, left, right);
  const toY = scale(height, top, bottom);
  return points.map(({ x, y }) => ({ x: toX(x), y: toY(y) }));
}
