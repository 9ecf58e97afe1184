/**
 * A small job system to look at: two gateways, two queues, six workers, a store and its replica. Its disk fills on two workers, and
 * they slow down until the orders cannot be kept up with; then somebody repairs them. Everything is measured as in any other
 * system: only the system itself is made up.
 */
import type { AuditLog } from '../audit/log.js';
import { createIntegrity, type Integrity } from '../runtime/integrity.js';

/** Seconds of one round of trouble and repair. */
const roundSeconds = 240;
const orders = 250;
const mails = 90;

/** What a demonstration needs of its host. */
export interface DemoOptions {
  readonly clock: () => number;
  readonly random: () => number;
  readonly log?: AuditLog;
  readonly stopwatch?: () => number;
}

/** A demonstration: call `step` once a second of its clock. */
export interface Demo {
  readonly integrity: Integrity;
  /** Lets the system live for a second, asks the gate for its work, and takes a sample. */
  step(): void;
}

/** Health of the two bad workers by the second of a round. */
function faultAt(second: number): number {
  if (second < 60) return 1;
  if (second < 100) return 1 - (second - 60) / 40;
  if (second < 130) return 0.02;
  return Math.min(1, 0.02 + (second - 130) / 20);
}

const workers = [
  ['queue-orders', 'worker-1'],
  ['queue-orders', 'worker-2'],
  ['queue-orders', 'worker-3'],
  ['queue-orders', 'worker-4'],
  ['queue-mail', 'worker-5'],
  ['queue-mail', 'worker-6'],
] as const;

function build({ graph }: Integrity): void {
  const node = (name: string, type: string, weight: number): void => graph.upsertNode({ name, type, weight });
  const edge = (
    source: string,
    target: string,
    type: string,
    capacity: number,
    carries: readonly string[],
  ): void =>
    graph.upsertEdge({
      source,
      target,
      type,
      directed: true,
      capacity,
      cost: Object.fromEntries(carries.map((commodity) => [commodity, 1])),
    });
  node('clients', 'client', 4);
  for (const gateway of ['gateway-1', 'gateway-2']) {
    node(gateway, 'gateway', 2);
    edge('clients', gateway, 'http', 500, ['order', 'mail']);
  }
  for (const queue of ['queue-orders', 'queue-mail']) {
    node(queue, 'queue', 3);
    const [capacity, commodity] = queue === 'queue-orders' ? [320, 'order'] : [160, 'mail'];
    for (const gateway of ['gateway-1', 'gateway-2']) edge(gateway, queue, 'enqueue', capacity, [commodity]);
  }
  node('store', 'store', 4);
  for (const [queue, worker] of workers) {
    node(worker, 'worker', 1);
    const commodity = queue === 'queue-orders' ? 'order' : 'mail';
    edge(queue, worker, 'dispatch', 120, [commodity]);
    edge(worker, 'store', 'write', 150, [commodity]);
  }
  node('replica', 'store', 2);
  edge('store', 'replica', 'replicate', 700, ['replicate']);
}

/** Makes the system. Nothing runs by itself. */
export function createDemo(options: DemoOptions): Demo {
  const { clock, random } = options;
  const integrity = createIntegrity({
    name: 'job system (demonstration)',
    clock,
    random,
    mode: 'enforce',
    driftEvery: 5,
    signals: {
      flow: {
        commodities: [
          { name: 'order', sources: ['clients'], sinks: ['store'] },
          { name: 'mail', sources: ['clients'], sinks: ['store'] },
          { name: 'replicate', sources: ['store'], sinks: ['replica'] },
        ],
      },
      structure: { baseline: 200 },
    },
    states: {
      thresholds: {
        enterStressPpm: 600_000,
        exitStressPpm: 700_000,
        enterCriticalPpm: 250_000,
        exitCriticalPpm: 350_000,
      },
      holdMs: 20_000,
      dwellMs: 10_000,
      cooldownMs: 5_000,
    },
    policy: {
      operations: {
        'mail.send': { class: 'low' },
        'order.submit': { class: 'medium', loads: ['dispatch'] },
        'report.build': { class: 'high' },
        'worker.restart': { class: 'repair', relieves: ['dispatch'] },
        'health.read': { class: 'exempt' },
      },
    },
    ...(options.log === undefined ? {} : { log: options.log }),
    ...(options.stopwatch === undefined ? {} : { stopwatch: options.stopwatch }),
  });
  build(integrity);
  let seconds = 0;
  return {
    integrity,
    step() {
      const health = faultAt(seconds++ % roundSeconds);
      integrity.graph.updateNode('worker-3', { health });
      integrity.graph.updateNode('worker-4', { health: Math.min(1, health + 0.15) });
      const noisy = (rate: number): number => rate * (0.95 + 0.1 * random());
      const rates = { order: noisy(orders), mail: noisy(mails), replicate: noisy(orders) };
      integrity.offer(rates);
      const ask = (operation: string, times: number): void => {
        for (let i = 0; i < times; i++) integrity.check(operation, { tenant: `shop-${i % 7}` });
      };
      ask('order.submit', Math.round(rates.order / 10));
      ask('mail.send', Math.round(rates.mail / 10));
      ask('report.build', 2);
      ask('health.read', 1);
      if (health < 0.3) ask('worker.restart', 1);
      integrity.sample();
    },
  };
}
