import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { AUDIT_STATUSES, type AuditedImage, type AuditReport, isFinding } from './audit-report';
import type { AuditStatus } from './audit-report';
import { WORDS } from './report-text';
import { nameOf, type RunningContainer } from './running-container';

const SCHEMA = 'https://json.schemastore.org/sarif-2.1.0.json';

const MEANINGS: Partial<Record<AuditStatus, string>> = {
  'not-signed': 'A container runs an image that nobody has signed.',
  'signed-by-another': 'A container runs an image that only others have signed.',
  'invalid-signature': 'A container runs an image whose signature does not verify.',
  'not-in-log': 'A container runs an image whose signature lacks its log entry or timestamp.',
  'policy-not-met': 'A container runs an image that says something else than the policy asks for.',
  'not-from-this-commit': 'A container runs an image of another commit.',
  'not-in-stack': 'A container runs an image that the stack did not verify.',
  gone: 'A container runs an image that the registry has no longer.',
  'unknown-image': 'A container runs an image that its node does not name.',
};

const RULES = AUDIT_STATUSES.filter(isFinding);

function version(): string {
  const path = join(__dirname, '..', '..', 'package.json');
  return (JSON.parse(readFileSync(path, 'utf8')) as { readonly version: string }).version;
}

/**
 * A container as a place. Code scanning shows results by files, so each gets the path that it would
 * have as one; nobody needs to have it.
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
  return { text: `${image}: ${WORDS[status]}${reason === undefined ? '' : ` (${reason})`}` };
}

/** The same finding of the same image, whichever pods it runs in today. */
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
 * For code scanning: findings as results, and what could not be looked at as notifications of a run
 * that did not succeed.
 *
 * https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
 */
export function auditSarif(report: AuditReport): string {
  const { images, time } = report;
  const unread = images.filter(({ status }) => status === 'could-not-look');
  const invocation = {
    executionSuccessful: images.length > 0 && unread.length === 0,
    startTimeUtc: time,
    toolExecutionNotifications: unread.map(notificationOf),
  };
  const driver = {
    name: 'signed-image audit',
    semanticVersion: version(),
    rules: RULES.map((id) => ({
      id,
      name: WORDS[id].replace(/(?:^|\s+)(\w)/g, (_, letter: string) => letter.toUpperCase()),
      shortDescription: { text: MEANINGS[id] ?? WORDS[id] },
    })),
    notifications: [
      { id: 'could-not-look', shortDescription: { text: 'An image could not be looked at.' } },
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
