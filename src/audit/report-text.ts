import {
  type AuditedImage,
  type AuditReport,
  type AuditStatus,
  countsOf,
  isFinding,
  outcomeOf,
} from './audit-report';
import { nameOf } from './running-container';
import { oneLine } from '../host/one-line';

const MAX_CONTAINERS = 3;
const SHORT_HEX = 12;

/** Labels of the statuses. */
export const STATUS_LABELS: Readonly<Record<AuditStatus, string>> = {
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
  'check-failed': 'check failed',
};

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
  const names = containers.slice(0, MAX_CONTAINERS).map(nameOf);
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

/** Formats the reason, the notes and the containers of an image, for the section below the table. */
function details(image: AuditedImage): readonly string[] {
  const { status, reason, notes = [] } = image;
  const lines = [...(reason === undefined ? [] : [reason]), ...notes].map(oneLine);
  if (lines.length === 0) return [];
  const showContainers = isFinding(status) || status === 'check-failed';
  const where = showContainers
    ? image.containers.map((each) => `  runs as ${oneLine(nameOf(each))}`)
    : [];
  const head = `${STATUS_LABELS[status]}: ${oneLine(image.image)}`;
  return ['', head, ...lines.map((line) => `  ${line}`), ...where];
}

function scope({ server, namespaces }: AuditReport): string {
  const where = namespaces.length === 0 ? 'all namespaces' : `namespaces ${namespaces.join(', ')}`;
  return `${server}, ${where}`;
}

const OUTCOME_LABELS = {
  clean: 'no findings',
  findings: 'there are findings',
  incomplete: 'some images could not be checked',
};

/** Formats the report as text: a table of the images, worst first, then reasons and containers. */
export function auditText(report: AuditReport): string {
  const { images, notRunning } = report;
  if (images.length === 0) return `No container runs in ${scope(report)}: nothing was checked.`;
  const rows = images.map((image) =>
    [
      STATUS_LABELS[image.status],
      shortImage(image.image),
      signerOf(image),
      containersOf(image),
    ].map(oneLine),
  );
  const counts = [...countsOf(report)].map(
    ([status, count]) => `${count} ${STATUS_LABELS[status]}`,
  );
  return [
    scope(report),
    '',
    ...table([['STATUS', 'IMAGE', 'SIGNER', 'CONTAINERS'], ...rows]),
    ...images.flatMap(details),
    '',
    ...notRunning.map((image) => `in the stack, but not running: ${oneLine(image)}`),
    `${images.length} images: ${counts.join(', ')}; ${OUTCOME_LABELS[outcomeOf(report)]}`,
  ].join('\n');
}
