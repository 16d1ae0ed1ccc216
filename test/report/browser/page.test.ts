import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

import { type Browser, type Page, startChromium } from '../../../dev/browser/chromium';
import { createReport, reportHtml } from '../../../src/report';
import { HOSTILE } from '../support/hostile';
import { recordedStack } from '../support/recorded';
import { auditOf } from '../support/state';

const ROOT = resolve(__dirname, '..', '..', '..');
const WIDTHS = [390, 1280] as const;
/** https://www.iso.org/standard/36631.html (A4), less the margins of the page, in CSS pixels of 1/96 inch. */
const A4_CONTENT_WIDTH = Math.floor(((210 - 2 * 15) / 25.4) * 96);
const AXE = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

/** The recorded stack, with an audit of its cluster in which other images run, too. */
function recordedPage(): string {
  const stackState = recordedStack();
  const { images } = createReport({ stackState, now: new Date() });
  const running = images
    .filter(({ status }) => status === 'verified')
    .map(({ name, image, digest }) => ({
      image,
      digest,
      status: 'match',
      containers: [{ namespace: 'shop', pod: `${name}-7d9c-x2x`, container: name }],
    }));
  const other = {
    image: `docker.example.test/tools/debug@sha256:${'4e'.repeat(32)}`,
    digest: `sha256:${'4e'.repeat(32)}`,
    status: 'not-signed',
    reason: 'signature (bundle): no signature was found',
    containers: [{ namespace: 'ops', pod: 'debug', container: 'shell' }],
  };
  const clusterAudit = auditOf(...running, other).replace('2026-01-03T', '2026-11-27T');
  return reportHtml(
    createReport({ stackState, clusterAudit, now: new Date('2026-11-27T04:00:00Z') }),
  );
}

let browser: Browser;
let page: Page;
beforeAll(async () => {
  browser = await startChromium();
  page = await browser.newPage();
}, 120_000);
afterAll(() => browser.close());

async function show(html: string, width: number, scheme: 'light' | 'dark', media = '') {
  await page.send('Emulation.setDeviceMetricsOverride', {
    width,
    height: 900,
    deviceScaleFactor: 1,
    mobile: false,
  });
  const features = [{ name: 'prefers-color-scheme', value: scheme }];
  await page.send('Emulation.setEmulatedMedia', { media, features });
  await page.setContent(html);
}

/** Elements that are wider than the page: they would be cut off, or the page would scroll to the side. */
const OVERFLOWING = `[...document.querySelectorAll('body *')]
  .filter((each) => each.getBoundingClientRect().right > document.documentElement.clientWidth + 0.5
    || each.scrollWidth > each.clientWidth + 1 && getComputedStyle(each).display !== 'inline')
  .map((each) => each.outerHTML.slice(0, 200))`;

/** axe-core is injected by the browser: the page itself runs no script. */
async function violations(): Promise<readonly string[]> {
  const { frameTree } = (await page.send('Page.getFrameTree')) as {
    readonly frameTree: { readonly frame: { readonly id: string } };
  };
  const { executionContextId } = (await page.send('Page.createIsolatedWorld', {
    frameId: frameTree.frame.id,
  })) as { readonly executionContextId: number };
  const expression = `${AXE}\naxe.run(document, { resultTypes: ['violations', 'incomplete'] }).then(({ violations, incomplete, passes }) =>
    JSON.stringify({ passes: passes.length, found: [...violations, ...incomplete].map(({ id, nodes }) => id + ': ' + nodes.map(({ html }) => html).join(' ').slice(0, 300)) }))`;
  const { result, exceptionDetails } = (await page.send('Runtime.evaluate', {
    expression,
    contextId: executionContextId,
    awaitPromise: true,
    returnByValue: true,
  })) as { readonly result: { readonly value: string }; readonly exceptionDetails?: unknown };
  if (exceptionDetails) throw new Error(JSON.stringify(exceptionDetails).slice(0, 1000));
  const { passes, found } = JSON.parse(result.value) as { passes: number; found: string[] };
  expect(passes).toBeGreaterThan(10);
  return found;
}

describe.each(WIDTHS)('at a width of %d pixels', (width) => {
  test.each(['light', 'dark'] as const)(
    'the %s page has no accessibility violation',
    async (scheme) => {
      await show(recordedPage(), width, scheme);
      expect(await violations()).toEqual([]);
    },
    120_000,
  );

  test('nothing is wider than the page', async () => {
    await show(recordedPage(), width, 'light');
    expect(await page.evaluate(OVERFLOWING)).toEqual([]);
    const hostile = createReport({ clusterAudit: hostileAudit(), now: new Date() });
    await show(reportHtml(hostile), width, 'light');
    expect(await page.evaluate(OVERFLOWING)).toEqual([]);
  }, 120_000);

  test('looks as in the documentation', async () => {
    for (const scheme of width === 390 ? (['light'] as const) : (['light', 'dark'] as const)) {
      await show(recordedPage(), width, scheme);
      const clip = { x: 0, y: 0, width, height: width === 390 ? 1400 : 1100, scale: 1 };
      const shot = await page.send('Page.captureScreenshot', {
        format: 'png',
        clip,
        captureBeyondViewport: true,
      });
      const png = Buffer.from(String(shot['data']), 'base64');
      expect(png.length).toBeLessThan(200_000);
      if (process.env['RECORD_SCREENSHOTS']) {
        writeFileSync(join(ROOT, 'docs', 'images', `report-${width}-${scheme}.png`), png);
      }
    }
  }, 120_000);
});

function hostileAudit(): string {
  return auditOf(
    ...HOSTILE.map((value) => ({
      image: value,
      status: value,
      reason: value,
      containers: [{ namespace: value, pod: value, container: value }],
    })),
  );
}

test('the checks find what is wrong', async () => {
  const wide = '<div style="width: 2000px">wide</div>';
  const pale = '<p style="color: #eeeeee; background: #ffffff">pale</p>';
  const bad = recordedPage()
    .replace(/<meta http-equiv[^>]*>/, '')
    .replace('<main>', `<main>${wide}${pale}`);
  await show(bad, 1280, 'light');
  expect(await violations()).toEqual([expect.stringContaining('color-contrast')]);
  expect(await page.evaluate(OVERFLOWING)).toContainEqual(expect.stringContaining('>wide</div>'));
}, 120_000);

test('hostile values are text: no element, no script, no request', async () => {
  const before = page.messages.length;
  const report = createReport({ clusterAudit: hostileAudit(), now: new Date() });
  await show(reportHtml(report), 1280, 'light');
  const found = await page.evaluate(`JSON.stringify({
    forbidden: document.querySelectorAll('script, img, link, iframe, [onerror], [onmouseover]').length,
    styles: document.querySelectorAll('style').length,
    articles: document.querySelectorAll('article').length,
    targets: [...document.querySelectorAll('a')].map(({ protocol }) => protocol),
  })`);
  const { forbidden, styles, articles, targets } = JSON.parse(String(found)) as Record<
    string,
    unknown
  >;
  expect({ forbidden, styles, articles }).toEqual({
    forbidden: 0,
    styles: 1,
    articles: HOSTILE.length,
  });
  expect(targets).not.toContain('javascript:');
  expect(page.messages.slice(before)).toEqual([]);
}, 120_000);

test('a print on A4 cuts no column, also from a dark screen', async () => {
  await show(recordedPage(), A4_CONTENT_WIDTH, 'dark', 'print');
  expect(await page.evaluate(OVERFLOWING)).toEqual([]);
  const background = 'getComputedStyle(document.body).backgroundColor';
  expect(await page.evaluate(background)).toBe('rgb(255, 255, 255)');
  const { data } = await page.send('Page.printToPDF', { preferCSSPageSize: true });
  const pdf = Buffer.from(String(data), 'base64').toString('latin1');
  // A4 in points; a page that is too wide would be scaled, or get another size.
  const boxes = [...pdf.matchAll(/\/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]/g)];
  expect(boxes.length).toBeGreaterThan(1);
  for (const [, width, height] of boxes) {
    expect(Math.round(Number(width))).toBe(595);
    expect(Math.round(Number(height))).toBe(842);
  }
}, 120_000);
