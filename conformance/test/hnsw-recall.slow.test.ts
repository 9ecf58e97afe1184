import { randomVectors, skewedVectors } from '../src/recall.js';
import { recallSuite } from '../src/recall-suite.js';

recallSuite({
  rows: 10_000,
  dimensions: 16,
  limit: 10,
  vectors: randomVectors,
  least: [
    { efSearch: 40, recall: () => 0.97 },
    { efSearch: 100, recall: (metric) => metric.recall },
  ],
});

// pgvector's own tests (012 and 013): products of two random numbers, the default ef_search
recallSuite({
  rows: 10_000,
  dimensions: 3,
  limit: 20,
  vectors: skewedVectors,
  least: [{ efSearch: 40, recall: (metric) => metric.recall }],
});
