import type { Report, ReportedImage } from './model';
import { codeSpan, tableCodeSpan } from './shown-text';
import { type Fact, scopeOf, type Stage, stagesOf, STATUS_NAMES, summaryOf } from './stages';

/** Rows of one table: an index of a hundred platforms has four hundred signatures. */
const MAX_ROWS = 100;

const ICONS: Readonly<Record<ReportedImage['status'], string>> = {
  problem: '❌',
  incomplete: '⚠️',
  verified: '✅',
  exempt: '➖',
};

function factLine({ label, values }: Fact): string {
  return `- ${label}: ${values.map(codeSpan).join(', ')}`;
}

function tableLines({ table }: Stage): readonly string[] {
  if (table === undefined) return [];
  const { columns, rows } = table;
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const more = rows.length - MAX_ROWS;
  return [
    line(columns),
    line(columns.map(() => '---')),
    ...rows.slice(0, MAX_ROWS).map((row) => line(row.map(tableCodeSpan))),
    ...(more > 0 ? ['', `${more} more rows are not shown.`] : []),
  ];
}

function stageLines(stage: Stage): readonly string[] {
  const { title, facts, table, empty } = stage;
  const isEmpty = facts.length === 0 && table === undefined;
  return [
    '',
    `**${title}**`,
    '',
    ...(isEmpty ? [empty] : facts.map(factLine)),
    ...(facts.length > 0 && table !== undefined ? [''] : []),
    ...tableLines(stage),
  ];
}

function nameOf({ name, image }: ReportedImage): string {
  return codeSpan(name ?? image);
}

/** Formats one image as a section: what is wrong, then its stages, folded if nothing is wrong. */
export function markdownImage(image: ReportedImage): string {
  const { status, problems, notes } = image;
  const stages = stagesOf(image).flatMap(stageLines);
  const details =
    status === 'problem' || status === 'incomplete'
      ? stages
      : ['', '<details><summary>From commit to workloads</summary>', ...stages, '', '</details>'];
  return [
    `### ${ICONS[status]} ${nameOf(image)}: ${STATUS_NAMES[status]}`,
    '',
    ...problems.map(({ message }) => `- **${codeSpan(message)}**`),
    ...notes.map((note) => `- ${codeSpan(note)}`),
    `- ${codeSpan(image.image)}`,
    ...details,
    '',
  ].join('\n');
}

function overview(images: readonly ReportedImage[]): readonly string[] {
  const shown = images.map((image) => {
    const [first] = image.problems;
    const what = first === undefined ? '' : tableCodeSpan(first.message);
    const name = tableCodeSpan(image.name ?? image.image);
    return `| ${ICONS[image.status]} ${STATUS_NAMES[image.status]} | ${name} | ${what} |`;
  });
  return shown.length < 2
    ? []
    : ['| Status | Image | What is wrong |', '| --- | --- | --- |', ...shown, ''];
}

/** Formats a report as Markdown for a job summary. Text from outside is in code spans only. */
export function reportMarkdown(report: Report): string {
  const { images, notes } = report;
  return [
    '## Container images',
    '',
    summaryOf(report),
    '',
    ...scopeOf(report).map(factLine),
    ...notes.map((note) => `- ${codeSpan(note)}`),
    '',
    ...overview(images),
    ...images.map(markdownImage),
  ].join('\n');
}
