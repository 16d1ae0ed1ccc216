import { createHash } from 'node:crypto';

import { STYLE } from './html-style';
import type { Report, ReportedImage } from './model';
import { htmlText, linkTarget } from './shown-text';
import {
  type Fact,
  scopeOf,
  type Stage,
  stagesOf,
  type StageTable,
  STATUS_NAMES,
  summaryOf,
} from './stages';

/** Formats a value from outside; a URL becomes a link that shows its own address. */
function valueHtml(value: string): string {
  const target = linkTarget(value);
  if (target === undefined) return `<code>${htmlText(value)}</code>`;
  return `<a href="${htmlText(target)}" rel="noreferrer noopener">${htmlText(value)}</a>`;
}

function factsHtml(facts: readonly Fact[]): string {
  if (facts.length === 0) return '';
  const rows = facts.map(({ label, values }) => {
    const shown = values.map((value) => `<dd>${valueHtml(value)}</dd>`).join('');
    return `<div><dt>${htmlText(label)}</dt>${shown}</div>`;
  });
  return `<dl>${rows.join('')}</dl>`;
}

function tableHtml(caption: string, { columns, rows }: StageTable): string {
  const head = columns.map((column) => `<th scope="col">${htmlText(column)}</th>`).join('');
  const body = rows.map(([first = '', ...others]) => {
    const cells = others.map((cell) => `<td><code>${htmlText(cell)}</code></td>`).join('');
    return `<tr><th scope="row"><code>${htmlText(first)}</code></th>${cells}</tr>`;
  });
  return `<table><caption>${htmlText(caption)}</caption><thead><tr>${head}</tr></thead><tbody>${body.join('')}</tbody></table>`;
}

function stageHtml(stage: Stage, image: string): string {
  const { title, facts, table, empty } = stage;
  const isEmpty = facts.length === 0 && table === undefined;
  return [
    `<li><h3>${htmlText(title)}</h3>`,
    isEmpty ? `<p class="empty">${htmlText(empty)}</p>` : factsHtml(facts),
    table === undefined ? '' : tableHtml(`${title} of ${image}`, table),
    '</li>',
  ].join('');
}

function statusHtml({ status }: ReportedImage): string {
  return `<span class="status ${status}">${htmlText(STATUS_NAMES[status])}</span>`;
}

const nameOf = ({ name, image }: ReportedImage): string => name ?? image;

function imageHtml(image: ReportedImage, index: number): string {
  const id = `image-${index + 1}`;
  const problems = image.problems.map(({ message }) => `<li>${htmlText(message)}</li>`).join('');
  const notes = image.notes.map((note) => `<li>${htmlText(note)}</li>`).join('');
  return [
    `<article aria-labelledby="${id}">`,
    `<h2 id="${id}">${htmlText(nameOf(image))} ${statusHtml(image)}</h2>`,
    problems === '' ? '' : `<p>What is wrong:</p><ul class="problems">${problems}</ul>`,
    notes === '' ? '' : `<p>Notes:</p><ul>${notes}</ul>`,
    `<ol class="stages">${stagesOf(image)
      .map((stage) => stageHtml(stage, nameOf(image)))
      .join('\n')}</ol>`,
    '</article>',
  ].join('\n');
}

function overviewHtml(images: readonly ReportedImage[]): string {
  if (images.length === 0) return '';
  const rows = images.map((image, index) => {
    const [first] = image.problems;
    const link = `<a href="#image-${index + 1}">${htmlText(nameOf(image))}</a>`;
    return `<tr><th scope="row">${link}</th><td>${statusHtml(image)}</td><td>${htmlText(first?.message ?? '')}</td></tr>`;
  });
  const head = ['Image', 'Status', 'What is wrong']
    .map((column) => `<th scope="col">${column}</th>`)
    .join('');
  return `<table class="overview"><caption>Images, worst first</caption><thead><tr>${head}</tr></thead><tbody>${rows.join('\n')}</tbody></table>`;
}

/** The page loads nothing, runs no script, and has this style only. */
function contentPolicy(): string {
  const hash = createHash('sha256').update(STYLE).digest('base64');
  return `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'`;
}

/** Formats a report as one HTML page without any other resource. */
export function reportHtml(report: Report): string {
  const { images, notes, stack, cluster } = report;
  const title = `Container images of ${stack?.name ?? cluster?.server ?? 'a stack'}`;
  const noted = notes.map((note) => `<li>${htmlText(note)}</li>`).join('');
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${contentPolicy()}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${htmlText(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<header>
<h1>${htmlText(title)}</h1>
<p class="outcome ${report.outcome}">${htmlText(summaryOf(report))}</p>
${factsHtml(scopeOf(report))}
</header>
<main>
${overviewHtml(images)}
${noted === '' ? '' : `<ul>${noted}</ul>`}
${images.map(imageHtml).join('\n')}
</main>
</body>
</html>
`;
}
