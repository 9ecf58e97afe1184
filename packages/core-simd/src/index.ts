// First, before anything that computes is evaluated.
import './backend/host-node.js';

export * from './surface.js';
