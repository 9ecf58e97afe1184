/** Puts the page together: one line to the server, and panels that draw what changed. */
import { ChainPanel } from './chain-panel.js';
import { byId, setText } from './dom.js';
import { clip, time } from './format.js';
import { GatePanel } from './gate-panel.js';
import { GraphPanel } from './graph-panel.js';
import { LambdaChart } from './lambda-chart.js';
import { SignalsPanel } from './signals-panel.js';
import { StatePanel } from './state-panel.js';
import { follow, type LineState } from './stream.js';

const panels = [
  new StatePanel(),
  new SignalsPanel(),
  new GraphPanel(),
  new LambdaChart(),
  new GatePanel(),
  new ChainPanel(),
];

const why = {
  lost: 'the line to the server is lost; trying again',
  ended: 'the server has ended; waiting for it to come back',
  fault: 'the system gives no view',
} as const;

function showLine(line: LineState): void {
  const root = document.documentElement;
  root.dataset.line = line.kind;
  const stale = byId('stale');
  stale.hidden = line.kind !== 'stale';
  if (line.kind === 'stale') {
    setText(byId('stream'), 'stale');
    setText(stale, `Stale since ${time(line.since)}: ${why[line.why]}.`);
  } else {
    setText(byId('stream'), line.kind);
  }
}

follow((view) => {
  setText(byId('name'), clip(view.name, 64));
  document.title = `${view.state.state}: ${clip(view.name, 48)}`;
  for (const panel of panels) panel.update(view);
}, showLine);
