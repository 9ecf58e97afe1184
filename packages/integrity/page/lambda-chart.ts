/** Lambda over time, with the four thresholds as dashed lines and the states as tinted bands that are also named. */
import uPlot from 'uplot';
import type { ServedView } from '../src/adapters/source.js';
import type { StateName } from '../src/control/states.js';
import { byId, cssColor, setText } from './dom.js';
import { ratio, span, time } from './format.js';

interface Band {
  readonly from: number;
  to: number;
  readonly state: StateName;
}

const thresholdNames = [
  ['exitStressPpm', 'leave stress', 'stress'],
  ['enterStressPpm', 'enter stress', 'stress'],
  ['exitCriticalPpm', 'leave critical', 'critical'],
  ['enterCriticalPpm', 'enter critical', 'critical'],
] as const;

const stripHeight = 16;

/** Runs of one state, by seconds. */
function bandsOf(history: ServedView['history'], until: number): readonly Band[] {
  const bands: Band[] = [];
  for (const { at, state } of history) {
    const last = bands[bands.length - 1];
    if (last !== undefined) last.to = at / 1000;
    if (last?.state !== state) bands.push({ from: at / 1000, to: at / 1000, state });
  }
  const last = bands[bands.length - 1];
  if (last !== undefined) last.to = Math.max(last.to, until / 1000);
  return bands;
}

export class LambdaChart {
  readonly #root = byId('lambda');
  #plot: uPlot | undefined;
  #view: ServedView | undefined;
  #bands: readonly Band[] = [];

  constructor() {
    new ResizeObserver(() => this.#resize()).observe(this.#root);
    // Colours of a canvas do not follow the style sheet by themselves.
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.#rebuild());
  }

  update(view: ServedView): void {
    const before = this.#view;
    this.#view = view;
    if (before !== undefined && before.history === view.history && before.thresholds === view.thresholds)
      return;
    this.#bands = bandsOf(view.history, view.history[view.history.length - 1]?.at ?? 0);
    this.#describe(undefined);
    if (this.#plot === undefined) this.#rebuild();
    else this.#plot.setData(this.#data());
  }

  #data(): uPlot.AlignedData {
    const history = this.#view?.history ?? [];
    // uPlot wants times that grow; a clock that went back would fold the line over itself.
    const points = history.filter(({ at }, i) => i === 0 || at > (history[i - 1]?.at ?? 0));
    return [
      points.map(({ at }) => at / 1000),
      points.map(({ lambdaPpm }) => (lambdaPpm === null ? null : lambdaPpm / 1e6)),
    ];
  }

  #describe(index: number | null | undefined): void {
    const history = this.#view?.history ?? [];
    const [times, values] = this.#data() as unknown as [number[], (number | null)[]];
    if (index !== undefined && index !== null && times[index] !== undefined) {
      const at = times[index] * 1000;
      const state = this.#bands.find(({ from, to }) => from * 1000 <= at && at <= to * 1000)?.state ?? '';
      const value = values[index];
      setText(
        byId('lambda-detail'),
        `${time(at)}: lambda ${value === null || value === undefined ? '-' : value.toFixed(3)}, ${state}`,
      );
      return;
    }
    const first = history[0];
    const last = history[history.length - 1];
    if (first === undefined || last === undefined) {
      setText(byId('lambda-detail'), 'No samples yet.');
      return;
    }
    const known = history.map(({ lambdaPpm }) => lambdaPpm).filter((ppm) => ppm !== null);
    const least = known.length === 0 ? null : known.reduce((a, b) => Math.min(a, b));
    setText(
      byId('lambda-detail'),
      `${ratio(last.lambdaPpm)} now; least ${ratio(least)} in the last ${span(last.at - first.at)}`,
    );
  }

  #size(): { width: number; height: number } {
    return {
      width: Math.max(200, this.#root.clientWidth),
      height: Math.max(200, this.#root.clientHeight),
    };
  }

  #resize(): void {
    const plot = this.#plot;
    if (plot === undefined) return;
    const size = this.#size();
    if (plot.width !== size.width || plot.height !== size.height) plot.setSize(size);
  }

  #rebuild(): void {
    if (this.#view === undefined) return;
    this.#plot?.destroy();
    const axis: uPlot.Axis = {
      stroke: cssColor('--soft'),
      grid: { stroke: cssColor('--grid'), width: 1 },
      ticks: { stroke: cssColor('--grid'), width: 1 },
      font: '12px system-ui, sans-serif',
    };
    this.#plot = new uPlot(
      {
        ...this.#size(),
        padding: [stripHeight + 6, 10, 0, 0],
        legend: { show: false },
        cursor: { y: false, drag: { setScale: false, x: false, y: false } },
        scales: { x: { time: true }, y: { range: [0, 1] } },
        axes: [
          { ...axis, space: 70, values: (_, splits) => splits.map((split) => time(split * 1000)) },
          {
            ...axis,
            size: 40,
            incrs: [0.2, 0.5],
            values: (_, splits) => splits.map((split) => split.toFixed(1)),
          },
        ],
        series: [{}, { stroke: cssColor('--line'), width: 2, points: { show: false }, spanGaps: false }],
        hooks: {
          drawClear: [(plot) => this.#drawBands(plot)],
          draw: [(plot) => this.#drawThresholds(plot)],
          setCursor: [
            (plot) =>
              this.#describe(
                plot.cursor.left !== undefined && plot.cursor.left >= 0 ? plot.cursor.idx : undefined,
              ),
          ],
        },
      },
      this.#data(),
      this.#root,
    );
  }

  #drawBands(plot: uPlot): void {
    const { ctx, bbox } = plot;
    const pixels = devicePixelRatio;
    const strip = stripHeight * pixels;
    ctx.save();
    ctx.font = `600 ${10 * pixels}px system-ui, sans-serif`;
    ctx.textBaseline = 'middle';
    for (const { from, to, state } of this.#bands) {
      const left = Math.max(bbox.left, plot.valToPos(from, 'x', true));
      const right = Math.min(bbox.left + bbox.width, plot.valToPos(to, 'x', true));
      if (!(right > left)) continue;
      const color = cssColor(`--${state}`);
      ctx.globalAlpha = 0.1;
      ctx.fillStyle = color;
      ctx.fillRect(left, bbox.top, right - left, bbox.height);
      ctx.globalAlpha = 1;
      ctx.fillRect(left, bbox.top - strip - 2 * pixels, right - left, strip);
      const name =
        right - left > ctx.measureText(state).width + 8 * pixels ? state : (state[0]?.toUpperCase() ?? '');
      if (right - left < ctx.measureText(name).width + 4 * pixels) continue;
      ctx.fillStyle = cssColor('--on-state');
      ctx.fillText(name, left + 4 * pixels, bbox.top - strip / 2 - 2 * pixels);
    }
    ctx.restore();
  }

  #drawThresholds(plot: uPlot): void {
    const thresholds = this.#view?.thresholds;
    if (thresholds === undefined) return;
    const { ctx, bbox } = plot;
    const pixels = devicePixelRatio;
    ctx.save();
    ctx.font = `${11 * pixels}px system-ui, sans-serif`;
    ctx.textAlign = 'left';
    ctx.lineWidth = pixels;
    for (const [field, label, state] of thresholdNames) {
      const y = Math.round(plot.valToPos(thresholds[field] / 1e6, 'y', true));
      const enter = field.startsWith('enter');
      ctx.strokeStyle = cssColor(`--${state}`);
      // Entering is long dashes and named below its line, leaving is dots and named above.
      ctx.setLineDash(enter ? [7 * pixels, 4 * pixels] : [2 * pixels, 4 * pixels]);
      ctx.beginPath();
      ctx.moveTo(bbox.left, y);
      ctx.lineTo(bbox.left + bbox.width, y);
      ctx.stroke();
      ctx.fillStyle = cssColor('--soft');
      ctx.textBaseline = enter ? 'top' : 'bottom';
      ctx.fillText(label, bbox.left + 6 * pixels, y + (enter ? 2 : -2) * pixels);
    }
    ctx.restore();
  }
}
