// First, before anything that computes is evaluated.
import './backend/host-browser.js';

export * from './surface.js';
