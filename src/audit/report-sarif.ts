import { createHash } from 'node:crypto';

import { PACKAGE_VERSION } from '../host/package-version';
import { AUDIT_STATUSES, type AuditedImage, type AuditReport, isFinding } from './audit-report';
import type { AuditStatus } from './audit-report';
import { STATUS_LABELS } from './report-text';
import { nameOf, type RunningContainer } from './running-container';

const SCHEMA = 'https://json.schemastore.org/sarif-2.1.0.json';

const MEANINGS: Partial<Record<AuditStatus, string>> = {
  'not-signed': 'A container runs an image without a signature.',
  'signed-by-another': 'A container runs an image that is signed only by other signers.',
  'invalid-signature': 'A container runs an image whose signature does not verify.',
  'not-in-log': 'A container runs an image whose signature lacks its log entry or timestamp.',
  'policy-not-met':
    'A container runs an image whose annotations or provenance do not meet the policy.',
  'not-from-this-commit': 'A container runs an image from another commit.',
  'not-in-stack': 'A container runs an image that the stack did not verify.',
  gone: 'A container runs an image that the registry no longer has.',
  'unknown-image': 'A container runs an image that its node does not identify.',
};

const RULES = AUDIT_STATUSES.filter(isFinding);

/**
 * Converts a container to a SARIF location. Code scanning groups results by file, so each container
 * gets a path; the file does not exist.
 */
function locationOf(container: RunningContainer): object {
  const name = nameOf(container);
  const path = name.split('/').map(encodeURIComponent).join('/');
  return {
    physicalLocation: {
      artifactLocation: { uri: `cluster/${path}` },
      region: { startLine: 1 },
    },
    logicalLocations: [{ fullyQualifiedName: name, name: container.container, kind: 'resource' }],
  };
}

function messageOf({ image, status, reason }: AuditedImage): object {
  return {
    text: `${image}: ${STATUS_LABELS[status]}${reason === undefined ? '' : ` (${reason})`}`,
  };
}

/** Returns a fingerprint that is the same for a finding of an image in any pod. */
function fingerprintOf({ image, status }: AuditedImage): string {
  return createHash('sha256').update(`${status} ${image}`).digest('hex');
}

function resultOf(image: AuditedImage): object {
  return {
    ruleId: image.status,
    ruleIndex: RULES.indexOf(image.status),
    level: 'error',
    message: messageOf(image),
    locations: image.containers.map(locationOf),
    partialFingerprints: { 'statusOfImage/v1': fingerprintOf(image) },
  };
}

function notificationOf(image: AuditedImage): object {
  return {
    level: 'error',
    descriptor: { id: image.status },
    message: messageOf(image),
    locations: image.containers.map(locationOf),
  };
}

/**
 * Formats the report for code scanning: findings as results, and failed checks as notifications of an
 * unsuccessful run.
 *
 * https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
 */
export function auditSarif(report: AuditReport): string {
  const { images, time } = report;
  const unread = images.filter(({ status }) => status === 'check-failed');
  const invocation = {
    executionSuccessful: images.length > 0 && unread.length === 0,
    startTimeUtc: time,
    toolExecutionNotifications: unread.map(notificationOf),
  };
  const driver = {
    name: 'signed-image audit',
    semanticVersion: PACKAGE_VERSION,
    rules: RULES.map((id) => ({
      id,
      name: STATUS_LABELS[id].replace(/(?:^|\s+)(\w)/g, (_, letter: string) =>
        letter.toUpperCase(),
      ),
      shortDescription: { text: MEANINGS[id] ?? STATUS_LABELS[id] },
    })),
    notifications: [
      { id: 'check-failed', shortDescription: { text: 'The check of an image failed.' } },
    ],
  };
  const results = images.filter(({ status }) => isFinding(status)).map(resultOf);
  const run = {
    tool: { driver },
    invocations: [invocation],
    columnKind: 'utf16CodeUnits',
    results,
  };
  return JSON.stringify({ $schema: SCHEMA, version: '2.1.0', runs: [run] }, undefined, 2);
}
