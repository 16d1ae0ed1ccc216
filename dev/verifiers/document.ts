import { join } from 'node:path';

import type { Cell, Results } from './results';

export const VERIFIERS_PAGE = join(__dirname, '..', '..', 'docs', 'reference', 'verifiers.md');

const START = '<!-- Generated from dev/verifiers/recorded.json by dev/verifiers/generate.ts. -->';
const END = '<!-- End of the generated part. -->';

const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [row(head), row(head.map(() => '---')), ...rows.map(row)].join('\n');
}

const distinct = (texts: readonly string[]): readonly string[] => [...new Set(texts)];

/** Groups cells by a text, in the order in which the texts occur. */
function groups(
  cells: readonly Cell[],
  textOf: (cell: Cell) => string,
): readonly (readonly [string, readonly Cell[]])[] {
  return distinct(cells.map(textOf)).map((text) => [
    text,
    cells.filter((cell) => textOf(cell) === text),
  ]);
}

/** The format and the signer of a cell. */
const signerOf = ({ image }: Cell): string => image.split(', ').slice(0, 2).join(', ');

/** The kinds of images, shortened where the purpose or the transparency makes no difference. */
function kindsOf(cells: readonly Cell[], all: readonly Cell[]): string {
  const isAll = (kind: readonly Cell[], of: (cell: Cell) => boolean): boolean =>
    kind.length === all.filter(of).length;
  if (isAll(cells, () => true)) return 'all';
  const bySigner = groups(cells, signerOf);
  return bySigner
    .map(([signer, own]) => {
      const purposes = groups(own, ({ purpose }) => purpose);
      const shown = purposes.map(([purpose, each]) => {
        const kinds = each.map(({ image }) => image.split(', ')[2]).join(', ');
        const whole = isAll(each, (cell) => cell.purpose === purpose && signerOf(cell) === signer);
        return { purpose, kinds: whole ? '' : ` (${kinds})` };
      });
      const [first, second] = shown;
      if (first && second?.kinds === first.kinds) return `${signer}${first.kinds}`;
      return shown.map(({ purpose, kinds }) => `${signer}: ${purpose}${kinds}`).join('; ');
    })
    .join('; ');
}

function matrix({ cells, versions }: Results, purpose: Cell['purpose']): string {
  const verifiers = Object.keys(versions);
  const images = distinct(cells.map(({ image }) => image));
  const shown = (image: string, verifier: string): string => {
    const cell = cells.find(
      (each) => each.image === image && each.verifier === verifier && each.purpose === purpose,
    );
    return cell === undefined ? '' : cell.gap === undefined ? 'yes' : 'no';
  };
  return table(
    ['format, signer, transparency', ...verifiers.map((name) => `${name} ${versions[name]}`)],
    images.map((image) => [image, ...verifiers.map((verifier) => shown(image, verifier))]),
  );
}

function section(verifier: string, { cells, notes, versions }: Results): string {
  const all = cells.filter((cell) => cell.verifier === verifier);
  const accepted = all.filter(({ gap }) => gap === undefined);
  const refused = all.filter(({ gap }) => gap !== undefined);
  const flags = groups(accepted, (cell) => (cell.flags ?? []).join(', ') || 'none');
  const lines = [
    ...flags.map(
      ([text, own]) =>
        `- ${text === 'none' ? 'Without flags' : `With ${text}`} it accepts ${kindsOf(own, all)}.`,
    ),
    ...groups(refused, ({ gap = '' }) => gap).map(
      ([gap, own]) => `- It does not accept ${kindsOf(own, all)}: ${gap}.`,
    ),
    ...notes.filter((each) => each.verifier === verifier).map(({ note }) => `- ${note}`),
  ];
  return `### ${verifier} ${versions[verifier]}\n\n${lines.join('\n')}`;
}

/** The part of the page that the results give. */
export function generatedPart(results: Results): string {
  return [
    '## Signatures',
    matrix(results, 'signature'),
    '## Provenance',
    matrix(results, 'provenance'),
    '## Flags and limits',
    ...Object.keys(results.versions).map((verifier) => section(verifier, results)),
  ].join('\n\n');
}

/** Replaces the generated part of the page. */
export function withResults(page: string, results: Results): string {
  const [from, to] = [page.indexOf(START), page.indexOf(END)];
  if (from < 0 || to < from) throw new Error('the page has no place for the results');
  return `${page.slice(0, from)}${START}\n\n${generatedPart(results)}\n\n${page.slice(to)}`;
}
