import { randomVectors } from '../src/recall.js';
import { recallSuite } from '../src/recall-suite.js';

recallSuite({
  rows: 2000,
  dimensions: 16,
  limit: 10,
  vectors: randomVectors,
  least: [
    { efSearch: 40, recall: () => 0.97 },
    { efSearch: 100, recall: (metric) => metric.recall },
  ],
});
