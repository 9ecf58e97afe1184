/**
 * A process of one peer in JavaScript, or of ours:
 *
 *   node main.js <name of a peer, or file:// address of a module that exports `createEngine`> [argument]
 */

import type { Engine } from './engine.js';
import { serve } from './protocol.js';

interface EngineModule {
  createEngine(argument: string): Engine | Promise<Engine>;
}

const modules: Readonly<Record<string, string>> = {
  'hnswlib-node': './hnswlib-node.js',
  usearch: './usearch.js',
  'ruvector-core': './ruvector-core.js',
  lancedb: './lancedb.js',
  ours: './ours.js',
};

const [name = '', argument = ''] = process.argv.slice(2);
const { createEngine } = (await import(modules[name] ?? name)) as EngineModule;
await serve(await createEngine(argument), process.stdin, process.stdout);
// Some peers leave threads behind.
process.exit(0);
