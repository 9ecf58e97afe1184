#!/usr/bin/env node
import { join } from 'node:path';
import { abortOnSignals, runCli } from './cli.js';
import { suites } from './suites/index.js';

const repository = join(import.meta.dirname, '..', '..', '..');

process.exitCode = await runCli(process.argv.slice(2), {
  suites,
  cacheDirectory: join(repository, '.cache', 'bench'),
  env: process.env,
  signal: abortOnSignals(process),
  stdout: (text) => void process.stdout.write(text),
  stderr: (text) => void process.stderr.write(text),
});
