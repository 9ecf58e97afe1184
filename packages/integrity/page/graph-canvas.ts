/** Draws a graph on a canvas, for more nodes than SVG is good for: same signs, fewer of them. */
import { cssColor } from './dom.js';
import { clip } from './format.js';
import type { Point } from './graph-layout.js';
import { curveOf, type Scene } from './graph-scene.js';

/** As `drawSvg`, onto a canvas of the given size in CSS pixels. */
export function drawCanvas(
  canvas: HTMLCanvasElement,
  scene: Scene,
  points: readonly Point[],
  width: number,
  height: number,
  selected: number | undefined,
): void {
  const pixels = devicePixelRatio;
  canvas.width = Math.round(width * pixels);
  canvas.height = Math.round(height * pixels);
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  const context = canvas.getContext('2d');
  if (context === null) return;
  context.setTransform(pixels, 0, 0, pixels, 0, 0);
  const colors = {
    a: cssColor('--side-a'),
    b: cssColor('--side-b'),
    none: cssColor('--side-none'),
    edge: cssColor('--edge'),
    cut: cssColor('--cut'),
    text: cssColor('--text'),
    critical: cssColor('--critical'),
  };
  for (const edge of scene.edges) {
    const { from, middle, to } = curveOf(edge, scene, points);
    context.strokeStyle = edge.cut ? colors.cut : colors.edge;
    context.globalAlpha = edge.cut ? 1 : 0.35;
    context.lineWidth = edge.cut ? Math.max(2, edge.width) : edge.width / 4;
    context.setLineDash(edge.cut ? [6, 4] : []);
    context.beginPath();
    context.moveTo(from.x, from.y);
    context.quadraticCurveTo(middle.x, middle.y, to.x, to.y);
    context.stroke();
  }
  context.globalAlpha = 1;
  context.setLineDash([]);
  context.font = '12px system-ui, sans-serif';
  context.textAlign = 'center';
  for (const [i, { side, radius, health, name, named }] of scene.nodes.entries()) {
    const { x, y } = points[i] as Point;
    context.fillStyle = colors[side ?? 'none'];
    context.beginPath();
    if (side === 'b') context.rect(x - radius * 0.9, y - radius * 0.9, radius * 1.8, radius * 1.8);
    else context.arc(x, y, radius, 0, 2 * Math.PI);
    context.fill();
    if (health < 0.5) {
      context.strokeStyle = colors.critical;
      context.lineWidth = 2;
      context.stroke();
    }
    if (i === selected) {
      context.strokeStyle = colors.text;
      context.lineWidth = 2;
      context.beginPath();
      context.arc(x, y, radius + 5, 0, 2 * Math.PI);
      context.stroke();
    }
    if (i !== selected && !(named && scene.cutEdges <= 24)) continue;
    context.fillStyle = colors.text;
    context.fillText(clip(name, 18), x, y + radius + 14);
  }
}
