import {
  type AuditedImage,
  type AuditReport,
  type AuditStatus,
  countsOf,
  isFinding,
  outcomeOf,
} from './audit-report';
import { nameOf } from './running-container';

const SHOWN_CONTAINERS = 3;
const SHORT_HEX = 12;

/** Statuses as words. */
export const WORDS: Readonly<Record<AuditStatus, string>> = {
  match: 'match',
  exempt: 'exempt',
  'not-started': 'not started',
  'not-signed': 'not signed',
  'signed-by-another': 'signed by another',
  'invalid-signature': 'invalid signature',
  'not-in-log': 'not in the log',
  'policy-not-met': 'policy not met',
  'not-from-this-commit': 'not from this commit',
  'not-in-stack': 'not in the stack',
  gone: 'gone from the registry',
  'unknown-image': 'unknown image',
  'could-not-look': 'could not look',
};

/** What others wrote may hold line breaks, and what moves a terminal's cursor. */
function plain(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ').trim();
}

function shortImage(image: string): string {
  return image.replace(
    /@sha256:([0-9a-f]{64})$/,
    (_, hex: string) => `@sha256:${hex.slice(0, SHORT_HEX)}`,
  );
}

function signerOf({ signer }: AuditedImage): string {
  if (signer === undefined) return '-';
  return signer.kind === 'key' ? `key ${signer.keyId.slice(0, SHORT_HEX)}` : signer.identity;
}

function containersOf({ containers }: AuditedImage): string {
  const names = containers.slice(0, SHOWN_CONTAINERS).map(nameOf);
  const more = containers.length - names.length;
  return names.join(', ') + (more > 0 ? ` and ${more} more` : '');
}

function table(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

/** Under the table: of everything that is no match, why and where. */
function details(image: AuditedImage): readonly string[] {
  const { status, reason, notes = [] } = image;
  const said = [...(reason === undefined ? [] : [reason]), ...notes].map(plain);
  if (said.length === 0) return [];
  const told = isFinding(status) || status === 'could-not-look';
  const where = told ? image.containers.map((each) => `  runs as ${plain(nameOf(each))}`) : [];
  const head = `${WORDS[status]}: ${plain(image.image)}`;
  return ['', head, ...said.map((line) => `  ${line}`), ...where];
}

function scope({ server, namespaces }: AuditReport): string {
  const where = namespaces.length === 0 ? 'all namespaces' : `namespaces ${namespaces.join(', ')}`;
  return `${server}, ${where}`;
}

const OUTCOMES = {
  clean: 'all that runs is as it should be',
  findings: 'there are findings',
  incomplete: 'not all could be looked at',
};

/** For people: a table of the images, the worst first, then why and where. */
export function auditText(report: AuditReport): string {
  const { images, notRunning } = report;
  if (images.length === 0) return `No container runs in ${scope(report)}: nothing was looked at.`;
  const rows = images.map((image) =>
    [WORDS[image.status], shortImage(image.image), signerOf(image), containersOf(image)].map(plain),
  );
  const counts = [...countsOf(report)].map(([status, count]) => `${count} ${WORDS[status]}`);
  return [
    scope(report),
    '',
    ...table([['STATUS', 'IMAGE', 'SIGNER', 'CONTAINERS'], ...rows]),
    ...images.flatMap(details),
    '',
    ...notRunning.map((image) => `of the stack, and not running: ${plain(image)}`),
    `${images.length} images: ${counts.join(', ')}; ${OUTCOMES[outcomeOf(report)]}`,
  ].join('\n');
}
