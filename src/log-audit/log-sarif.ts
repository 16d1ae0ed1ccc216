import { createHash } from 'node:crypto';

import { PACKAGE_VERSION } from '../host/package-version';
import { type LogAuditReport, type LoggedFinding } from './log-report';
import { findingText } from './log-text';

const SCHEMA = 'https://json.schemastore.org/sarif-2.1.0.json';

const RULES = [
  {
    id: 'unknown-log-entry',
    name: 'UnknownLogEntry',
    shortDescription: {
      text: 'The transparency log has an entry of our key or identity that no stack made.',
    },
  },
  {
    id: 'untrusted-certificate',
    name: 'UntrustedCertificate',
    shortDescription: {
      text: 'The transparency log has an entry with our identity in a certificate of an unknown authority.',
    },
  },
] as const;

/** Code scanning groups results by file, so each entry gets a path; the file does not exist. */
function resultOf(finding: LoggedFinding, url: string): object {
  const { signer, logIndex, leafHash, logId } = finding;
  const isTrusted = signer.kind === 'key' || signer.isCertificateTrusted;
  const ruleIndex = isTrusted ? 0 : 1;
  return {
    ruleId: RULES[ruleIndex].id,
    ruleIndex,
    level: isTrusted ? 'error' : 'warning',
    message: { text: `${url}: ${findingText(finding)}` },
    locations: [
      {
        physicalLocation: {
          artifactLocation: { uri: `log/${new URL(url).hostname}/${logIndex}` },
          region: { startLine: 1 },
        },
        logicalLocations: [{ fullyQualifiedName: `${url}#${logIndex}`, kind: 'resource' }],
      },
    ],
    partialFingerprints: {
      'logEntry/v1': createHash('sha256').update(`${logId} ${leafHash}`).digest('hex'),
    },
  };
}

/**
 * Formats the report for code scanning: findings as results, and entries that could not be parsed as a
 * notification of an unsuccessful run.
 *
 * https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
 */
export function logAuditSarif({ log, time, findings, unparsed }: LogAuditReport): string {
  const notifications = unparsed.map((index) => ({
    level: 'error',
    descriptor: { id: 'entry-not-parsed' },
    message: { text: `${log}: entry ${index} could not be parsed` },
  }));
  const run = {
    tool: {
      driver: {
        name: 'signed-image audit log',
        semanticVersion: PACKAGE_VERSION,
        rules: RULES,
        notifications: [
          { id: 'entry-not-parsed', shortDescription: { text: 'An entry could not be parsed.' } },
        ],
      },
    },
    invocations: [
      {
        executionSuccessful: unparsed.length === 0,
        startTimeUtc: time,
        toolExecutionNotifications: notifications,
      },
    ],
    columnKind: 'utf16CodeUnits',
    results: findings.map((finding) => resultOf(finding, log)),
  };
  return JSON.stringify({ $schema: SCHEMA, version: '2.1.0', runs: [run] }, undefined, 2);
}
