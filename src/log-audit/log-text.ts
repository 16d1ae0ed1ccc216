import type { EntrySigner } from './entry-matcher';
import { type LogAuditReport, type LoggedFinding, logOutcomeOf } from './log-report';
import { oneLine } from '../host/one-line';

const SHORT_HEX = 12;
const OUTCOMES = {
  clean: 'CLEAN',
  findings: 'FINDINGS',
  incomplete: 'INCOMPLETE',
} as const;

/** Names a signer in one line. */
export function signerText(signer: EntrySigner): string {
  return signer.kind === 'key'
    ? `key ${oneLine(signer.keyId).slice(0, SHORT_HEX)}`
    : oneLine(`${signer.identity} (${signer.issuer})`);
}

/** What a finding means, in one sentence. */
export function findingText({ signer, kind, logIndex }: LoggedFinding): string {
  const entry = `entry ${logIndex} (${oneLine(kind)})`;
  if (signer.kind === 'key') return `${entry} was signed with the ${signerText(signer)}`;
  return signer.isCertificateTrusted
    ? `${entry} was signed by ${signerText(signer)}`
    : `${entry} names ${signerText(signer)} in a certificate that no authority of the trusted root issued`;
}

function findingLines(finding: LoggedFinding): readonly string[] {
  const { digests, integratedTime, tree, leafHash } = finding;
  return [
    `  ${findingText(finding)}`,
    ...(integratedTime === undefined ? [] : [`    time    ${oneLine(integratedTime)}`]),
    ...digests.map((digest) => `    signed  ${oneLine(digest)}`),
    `    leaf    ${oneLine(leafHash)} (tree ${oneLine(tree)})`,
  ];
}

/** Formats the report for people. */
export function logAuditText(report: LogAuditReport): string {
  const { log, version, to, from, read, remaining, known, findings, unparsed, notes, search } =
    report;
  const found = search === 'index' ? 'found by the search index' : 'read';
  const range = from === undefined ? '' : ` after entry ${from.size} of tree ${oneLine(from.tree)}`;
  const lines = [
    `${OUTCOMES[logOutcomeOf(report)]}  ${log} (Rekor v${version}), up to ${to.size} entries of tree ${oneLine(to.tree)}`,
    `${read} entries ${found}${range}; ${known} of these signers are known, ${findings.length} are not`,
  ];
  if (remaining !== undefined) lines.push(`${remaining} entries are left for the next run`);
  if (findings.length > 0) {
    lines.push('', 'Entries of these signers that no stack made:');
    lines.push(...findings.flatMap(findingLines));
  }
  if (unparsed.length > 0) {
    lines.push('', `Entries that could not be parsed: ${unparsed.join(', ')}`);
  }
  if (notes.length > 0) lines.push('', ...notes.map((note) => `Note: ${oneLine(note)}`));
  return lines.join('\n');
}
