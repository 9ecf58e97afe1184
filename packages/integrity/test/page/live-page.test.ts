/** The live page in a real browser, against the real server and a real system with a signed log. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { buildPage } from '../../page/build.mjs';
import type { ServedEntry, ServedView, ViewSource } from '../../src/adapters/source.js';
import { createSigner } from '../../src/audit/keys.js';
import { AuditLog } from '../../src/audit/log.js';
import { memoryStore } from '../../src/audit/memory-store.js';
import { createDemo, type Demo } from '../../src/cli/demo.js';
import type { ServeOptions } from '../../src/node/serve/options.js';
import { type IntegrityServer, serveIntegrity } from '../../src/node/serve/server.js';
import { entryView } from '../../src/runtime/views.js';
import { chromiumPath, launchChromium, noChromium } from '../hosts/chromium.js';
import { sampleView } from '../support/page-views.js';
import { Random } from '../support/random.js';
import { focused, pageWidth, paintedShare, reportViolations, strokeOf, weakTexts } from './probes.mjs';

const absent = chromiumPath() === undefined;
const begin = Date.UTC(2026, 0, 15, 9);

describe.skipIf(absent)(
  absent ? `the live page (${noChromium})` : 'the live page',
  { timeout: 60_000 },
  () => {
    let browser: Browser;
    let pageDirectory: string;
    beforeAll(async () => {
      pageDirectory = mkdtempSync(join(tmpdir(), 'integrity-page-'));
      await buildPage(pageDirectory);
      browser = await launchChromium();
    });
    afterAll(async () => {
      await browser?.close();
      rmSync(pageDirectory, { recursive: true, force: true });
    });

    const cleanups: (() => unknown)[] = [];
    afterEach(async () => {
      for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
    });

    async function serve(source: ViewSource, options: ServeOptions = {}): Promise<IntegrityServer> {
      const server = await serveIntegrity(source, { pageDirectory, intervalMs: 50, ...options });
      cleanups.push(() => server.close());
      return server;
    }

    interface Opened {
      readonly page: Page;
      /** Addresses that were asked for outside of the server. */
      readonly foreign: string[];
      /** What the browser complained of: errors of scripts, and violations of the page's policy. */
      readonly complaints: string[];
    }

    async function open(url: string, options: Parameters<Browser['newContext']>[0] = {}): Promise<Opened> {
      const context = await browser.newContext({ reducedMotion: 'reduce', ...options });
      cleanups.push(() => context.close());
      const page = await context.newPage();
      const [foreign, complaints]: [string[], string[]] = [[], []];
      const { origin } = new URL(url);
      await page.route('**/*', (route) => {
        const address = route.request().url();
        if (address.startsWith(`${origin}/`)) return route.continue();
        foreign.push(address);
        return route.abort();
      });
      page.on('pageerror', (error) => complaints.push(error.message));
      page.on('console', (message) => {
        if (message.type() === 'error' && !/net::ERR_|status of/.test(message.text()))
          complaints.push(message.text());
      });
      page.on('dialog', (dialog) => {
        complaints.push(`dialog: ${dialog.message()}`);
        return dialog.dismiss();
      });
      await page.addInitScript(reportViolations);
      await page.goto(url);
      return { page, foreign, complaints };
    }

    /** The demonstration after some seconds of its clock. */
    async function demoAfter(seconds: number): Promise<{ demo: Demo; advance: (seconds: number) => void }> {
      const random = new Random(7);
      let now = begin;
      const log = await AuditLog.open(memoryStore(), {
        clock: () => now,
        signer: createSigner(new Uint8Array(32).fill(9)),
        origin: 'demo.example/jobs',
      });
      cleanups.push(() => log.close());
      const demo = createDemo({ clock: () => now, random: () => random.float(), log });
      const advance = (count: number): void => {
        for (let i = 0; i < count; i++) {
          demo.step();
          now += 1000;
        }
      };
      advance(seconds);
      return { demo, advance };
    }

    it('shows the state in words, with lambda, signals, the gate and the mode', async () => {
      const { demo } = await demoAfter(97);
      const { page, complaints } = await open((await serve(demo.integrity)).url);
      await page.waitForSelector('#state-word');
      expect(await page.textContent('#state-word')).toBe('CRITICAL');
      const view = demo.integrity.view();
      expect(await page.textContent('#lambda-now')).toBe(((view.sample?.lambdaPpm ?? 0) / 1e6).toFixed(3));
      expect(await page.textContent('.signal.binding .signal-name')).toContain(view.sample?.binding);
      expect(await page.textContent('#mode')).toBe('enforcing');
      expect(await page.textContent('.reasons')).toMatch(
        /worsened: lambda 0\.\d+, threshold 0\.250, 2 samples/,
      );
      const medium = view.gate.find((count) => count.class === 'medium');
      expect(await page.textContent('#gate tr:has(th:text-is("medium")) td.rejected')).toBe(
        String(medium?.rejected),
      );
      expect(await page.title()).toMatch(/^critical: /);
      expect(complaints).toEqual([]);
    });

    it('colours and dashes exactly the edges of the cut, and tells the sides apart by shape', async () => {
      const { demo } = await demoAfter(97);
      const { page } = await open((await serve(demo.integrity)).url);
      await page.waitForSelector('#graph .edge.cut');
      const { sample, graph } = demo.integrity.view();
      expect(await page.locator('#graph .edge').count()).toBe(graph.edges.length);
      expect(await page.locator('#graph .edge.cut').count()).toBe(sample?.witness.length);
      const style = await page.locator('#graph .edge.cut').first().evaluate(strokeOf);
      const plain = await page.locator('#graph .edge:not(.cut)').first().evaluate(strokeOf);
      expect(style.stroke).not.toBe(plain.stroke);
      expect(plain.strokeDasharray).toBe('none');
      expect(style.strokeDasharray).not.toBe('none');
      expect(await page.locator('#graph .side-b rect.node-shape').count()).toBe(sample?.side.length);
      expect(await page.locator('#graph .side-a circle.node-shape').count()).toBe(
        graph.nodes.length - (sample?.side.length ?? 0),
      );
      // The tables say the same.
      await page.click('#graph-tables summary');
      expect(await page.locator('#graph-tables td:text-is("yes")').count()).toBe(sample?.witness.length);
    });

    it('follows the system: state, announcement and history change without a reload', async () => {
      const { demo, advance } = await demoAfter(58);
      const { page } = await open((await serve(demo.integrity)).url);
      await page.waitForSelector('.state-word.normal');
      expect(await page.textContent('#announce')).toBe('');
      advance(39);
      await page.waitForSelector('.state-word.critical');
      expect(await page.textContent('#announce')).toBe('State critical: About to split');
      expect(await page.getAttribute('#announce', 'aria-live')).toBe('assertive');
      await page.waitForSelector('#lambda canvas');
    });

    it('checks hash, link and signature of each record in the browser', async () => {
      const { demo } = await demoAfter(12);
      const { page } = await open((await serve(demo.integrity)).url);
      await page.waitForSelector('#chain .record');
      const { log } = demo.integrity.view();
      const shown = log?.entries.length ?? 0;
      expect(shown).toBeGreaterThan(10);
      expect(await page.locator('#chain .record').count()).toBe(shown);
      expect(await page.locator('#chain .record.bad').count()).toBe(0);
      // Three ticks a record; what the oldest one follows cannot be seen.
      expect(await page.locator('#chain .check.here').count()).toBe(3 * shown - 1);
      await page.locator('#chain button').last().click();
      expect(await page.textContent('#chain-detail')).toContain(log?.entries[shown - 1]?.hash);
    });

    it('computes the Merkle root where it has every record, and says whose word it is where not', async () => {
      const { demo } = await demoAfter(4);
      const view = demo.integrity.view();
      const entries: ServedEntry[] = [];
      for await (const record of demo.integrity.log?.entries() ?? []) entries.push(entryView(record));
      for (const [shown, root, verdict] of [
        [entries, view.log?.root, 'check here'],
        [entries, 'ab'.repeat(32), 'check bad'],
        [entries.slice(1), view.log?.root, 'check server'],
      ] as const) {
        const log = view.log && { ...view.log, root: root ?? '', entries: shown };
        const { page } = await open((await serve({ view: () => ({ ...view, log }) })).url);
        await page.waitForSelector('#chain .record');
        expect(await page.getAttribute('#chain-summary .check', 'class')).toBe(verdict);
        await page.close();
      }
    });

    for (const [what, change] of [
      [
        'body',
        (entry) => ({
          ...entry,
          body: entry.body.replace(/[0-9]/, '7') === entry.body ? '{}' : entry.body.replace(/[0-9]/, '7'),
        }),
      ],
      ['time', (entry) => ({ ...entry, at: entry.at + 1 })],
      ['type', (entry) => ({ ...entry, type: 'transition' })],
      ['signature', (entry) => ({ ...entry, sig: `${entry.sig?.slice(0, 4)}AAAA${entry.sig?.slice(8)}` })],
      ['hash', (entry) => ({ ...entry, hash: 'ab'.repeat(32) })],
      [
        'body that moves fields',
        (entry) => ({ ...entry, body: `{},"key":"${entry.key}","x":${entry.body}` }),
      ],
    ] as readonly (readonly [string, (entry: ServedEntry) => ServedEntry])[]) {
      it(`shows that a record does not hold whose ${what} was changed`, async () => {
        const { demo } = await demoAfter(12);
        const view = demo.integrity.view();
        const entries = (view.log?.entries ?? []).map((entry, i) => (i === 5 ? change(entry) : entry));
        const { page } = await open(
          (await serve({ view: () => ({ ...view, log: view.log && { ...view.log, entries } }) })).url,
        );
        await page.waitForSelector('#chain .record.bad');
        expect(await page.locator('#chain .record').nth(5).getAttribute('class')).toContain('bad');
        expect(await page.textContent('#chain-summary [role=alert]')).toMatch(/records? that do not hold/);
        // Records far from it still hold.
        expect(await page.locator('#chain .record').nth(2).getAttribute('class')).toBe('record');
        expect(await page.locator('#chain .record').nth(9).getAttribute('class')).toBe('record');
      });
    }

    it('takes no key for a fingerprint that is not its hash', async () => {
      const { demo } = await demoAfter(5);
      const view = demo.integrity.view();
      const other = Buffer.from(createSigner(new Uint8Array(32).fill(1)).publicKey).toString('base64');
      const keys = (view.log?.keys ?? []).map((key) => ({ ...key, publicKey: other }));
      const { page } = await open(
        (await serve({ view: () => ({ ...view, log: view.log && { ...view.log, keys } }) })).url,
      );
      await page.waitForSelector('#chain .record');
      expect(await page.locator('#chain .check.here', { hasText: 'signature' }).count()).toBe(0);
    });

    it('says since when it is stale while the server is away, and goes on when it is back', async () => {
      const { demo, advance } = await demoAfter(58);
      const first = await serve(demo.integrity);
      const { page } = await open(first.url);
      await page.waitForSelector('.state-word.normal');
      expect(await page.textContent('#stream')).toBe('live');
      await first.close();
      await page.waitForSelector('#stale:not([hidden])');
      expect(await page.textContent('#stale')).toMatch(/^Stale since \d\d:\d\d:\d\d: .*(lost|ended)/);
      expect(await page.textContent('#stream')).toBe('stale');
      // What was known stays to be seen.
      expect(await page.textContent('#state-word')).toBe('NORMAL');
      advance(39);
      await serve(demo.integrity, { port: first.port });
      await page.waitForSelector('.state-word.critical', { timeout: 15_000 });
      expect(await page.textContent('#stream')).toBe('live');
      expect(await page.isHidden('#stale')).toBe(true);
    });

    it('says that the system gives no view, and keeps the last one', async () => {
      let fails = false;
      const server = await serve({
        view: () => {
          if (fails) throw new Error('no');
          return sampleView();
        },
      });
      const { page } = await open(server.url);
      await page.waitForSelector('.state-word.normal');
      fails = true;
      await page.waitForSelector('#stale:not([hidden])');
      expect(await page.textContent('#stale')).toContain('the system gives no view');
      fails = false;
      await page.waitForSelector('#stale', { state: 'hidden' });
    });

    it('shows hostile names as text: nothing runs, nothing is loaded', async () => {
      const evil = [
        '<img src=x onerror=alert(1)>',
        '"><script>alert(1)</script>',
        "javascript:alert('x')",
        '__proto__',
        '</title><svg onload=alert(1)>',
        '\u202Edlrow\u0000\n',
        'https://evil.example/x.png',
      ];
      const view = sampleView();
      const nodes = evil.map((name) => ({ name, type: name, health: 0.1, weight: 1 }));
      const edges = evil.slice(1).map((name) => ({
        ...(view.graph.edges[0] as ServedView['graph']['edges'][number]),
        source: evil[0] as string,
        target: name,
        type: name,
      }));
      const name = evil[1] as string;
      const server = await serve({
        view: () => ({
          ...view,
          name: evil[4] as string,
          state: {
            ...view.state,
            override: {
              state: 'normal',
              reason: name,
              actor: evil[0] as string,
              since: view.at,
              until: view.at + 1,
            },
          },
          sample: view.sample && {
            ...view.sample,
            witness: edges,
            side: [evil[0] as string],
            binding: name,
            signals: [{ name, lambdaPpm: 1, about: evil[0] as string }],
          },
          graph: { version: 1, nodes, edges },
          gate: [{ class: name, offered: 1, admitted: 1, throttled: 0, deferred: 0, rejected: 0 }],
          log: {
            size: 1,
            root: name,
            health: name,
            entries: [
              {
                seq: 0,
                at: 0,
                type: name,
                hash: name,
                prev: name,
                key: name,
                verified: true,
                body: name,
                sig: name,
              },
            ],
            keys: [{ fingerprint: name, publicKey: name }],
          },
        }),
      });
      const { page, foreign, complaints } = await open(server.url);
      await page.waitForSelector('#graph .node');
      await page.click('#graph-tables summary');
      await page.locator('#chain button').first().click();
      expect(await page.locator('#graph .edge.cut').count()).toBe(edges.length);
      expect(await page.textContent('#name')).toBe(evil[4]);
      expect(await page.locator('main img, main script, main a, main [onload], main [onerror]').count()).toBe(
        0,
      );
      expect(await page.evaluate(() => Object.keys(Object.prototype))).toEqual([]);
      expect(complaints).toEqual([]);
      expect(foreign).toEqual([]);
    });

    it('asks nobody but its server, breaks its policy nowhere, and fits into 320 and 1920 pixels', async () => {
      const { demo, advance } = await demoAfter(97);
      const server = await serve(demo.integrity);
      for (const colorScheme of ['light', 'dark'] as const) {
        const { page, foreign, complaints } = await open(server.url, { colorScheme });
        for (const width of [320, 390, 900, 1280, 1920]) {
          await page.setViewportSize({ width, height: 900 });
          await page.waitForSelector('#graph .node');
          await page.waitForSelector('#lambda canvas');
          advance(1);
          const wide = await page.evaluate(pageWidth);
          expect([colorScheme, width, wide]).toEqual([colorScheme, width, width]);
        }
        expect([complaints, foreign]).toEqual([[], []]);
      }
    });

    it('has text with enough contrast in light and dark', async () => {
      const { demo } = await demoAfter(84);
      const server = await serve(demo.integrity);
      for (const colorScheme of ['light', 'dark'] as const) {
        const { page } = await open(server.url, { colorScheme });
        await page.waitForSelector('#chain .record');
        const weak = await page.evaluate(weakTexts);
        expect([colorScheme, weak]).toEqual([colorScheme, []]);
      }
    });

    it('is reachable by keys: from node to node, into tables and records', async () => {
      const { demo } = await demoAfter(97);
      const { page } = await open((await serve(demo.integrity)).url);
      await page.waitForSelector('#graph .node');
      await page.focus('#graph');
      await page.keyboard.press('ArrowDown');
      await page.waitForSelector('#graph .node.selected');
      const first = await page.textContent('#graph-detail');
      expect(first).toMatch(/health .*side [AB].*edge/);
      await page.keyboard.press('ArrowDown');
      await page.keyboard.press('ArrowRight');
      expect(await page.textContent('#graph-detail')).not.toBe(first);
      await page.keyboard.press('Escape');
      expect(await page.locator('#graph .node.selected').count()).toBe(0);
      const reached = new Set<string>();
      await page.focus('.skip');
      for (let i = 0; i < 60; i++) {
        await page.keyboard.press('Tab');
        reached.add(await page.evaluate(focused));
      }
      for (const id of ['graph', 'graph-tables', 'gate', 'chain']) expect(reached).toContain(id);
      await page.focus('#chain button');
      await page.keyboard.press('Enter');
      await page.waitForSelector('#chain-detail pre');
    });

    it('draws 2,000 nodes on a canvas', async () => {
      const view = sampleView();
      const random = new Random(3);
      const nodes = Array.from({ length: 2000 }, (_, i) => ({
        name: `node-${i}`,
        type: 'part',
        health: 1,
        weight: 1,
      }));
      const edges = Array.from({ length: 6000 }, (_, i) => ({
        ...(view.graph.edges[0] as ServedView['graph']['edges'][number]),
        source: `node-${i % 2000}`,
        target: `node-${random.below(2000)}`,
        directed: false,
        weight: random.below(9),
      }));
      const server = await serve({ view: () => ({ ...view, graph: { version: 1, nodes, edges } }) });
      const { page, complaints } = await open(server.url);
      await page.waitForSelector('#graph canvas');
      expect(await page.getAttribute('#graph canvas', 'aria-label')).toContain('2,000 nodes');
      const painted = await page.locator('#graph canvas').evaluate(paintedShare);
      expect(painted).toBeGreaterThan(0.05);
      expect(complaints).toEqual([]);
    });

    it('takes the token from the address, and then has none in it', async () => {
      const { demo } = await demoAfter(5);
      const token = 'a-token-of-at-least-16';
      const server = await serve(demo.integrity, { token });
      const { page } = await open(`${server.url}?token=${token}`);
      await page.waitForSelector('#state-word');
      expect(page.url()).toBe(server.url);
    });
  },
);
