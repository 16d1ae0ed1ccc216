import { SignedImageError } from '../error';
import type { SignerDescription } from '../key/signer';
import { type Digest, isDigest } from '../oci/digest';
import { isJsonObject } from '../oci/strict-json';
import { listAt, objectAt, textAt, textsAt } from './json-access';
import type { ReportedLogEntry } from './model';
import { parseJson } from './stack-export';

/** The result of one image in a cluster audit. */
export interface AuditedImageFacts {
  readonly image: string;
  readonly digest?: Digest;
  /** A status of `signed-image audit cluster`. */
  readonly status: string;
  readonly reason?: string;
  readonly notes: readonly string[];
  readonly commit?: string;
  readonly signer?: SignerDescription;
  readonly logEntries: readonly ReportedLogEntry[];
  /** `namespace/pod/container` */
  readonly containers: readonly string[];
}

/** The output of `signed-image audit cluster --output json`. */
export interface AuditFacts {
  readonly server: string;
  readonly namespaces: readonly string[];
  readonly time: string;
  readonly images: readonly AuditedImageFacts[];
  readonly notRunning: readonly string[];
}

/**
 * Parses the output of `signed-image audit cluster --output json`.
 *
 * @throws SignedImageError `INPUT_INVALID`
 */
export function parseAuditExport(text: string): AuditFacts {
  const file = parseJson(text);
  const server = textAt(file, 'server');
  const time = textAt(file, 'time');
  const images = isJsonObject(file) ? file['images'] : undefined;
  if (server === undefined || time === undefined || !Array.isArray(images)) {
    throw invalidAudit('is not the report of a cluster audit');
  }
  return {
    server,
    time,
    namespaces: textsAt(file, 'namespaces'),
    images: images.map(toImage),
    notRunning: textsAt(file, 'notRunning'),
  };
}

function invalidAudit(why: string): SignedImageError {
  return new SignedImageError({
    code: 'INPUT_INVALID',
    message: `the audit report ${why}; give the output of \`signed-image audit cluster --output json\``,
  });
}

function toImage(value: unknown): AuditedImageFacts {
  const image = textAt(value, 'image');
  const status = textAt(value, 'status');
  // An image that is not understood must not be left out: a report without it would be better than the audit.
  if (image === undefined || status === undefined) {
    throw invalidAudit('has an image without a name or a status');
  }
  const digest = textAt(value, 'digest');
  const [reason, commit] = [textAt(value, 'reason'), textAt(value, 'commit')];
  const signer = signerOf(objectAt(value, 'signer'));
  return {
    image,
    status,
    notes: textsAt(value, 'notes'),
    logEntries: listAt(value, 'logEntries').flatMap(toLogEntry),
    containers: listAt(value, 'containers').map((each) =>
      ['namespace', 'pod', 'container'].map((member) => textAt(each, member) ?? '').join('/'),
    ),
    ...(digest !== undefined && isDigest(digest) && { digest }),
    ...(reason !== undefined && { reason }),
    ...(commit !== undefined && { commit }),
    ...(signer && { signer }),
  };
}

/** Converts an output `signer`; `undefined` if it is incomplete. */
export function signerOf(value: unknown): SignerDescription | undefined {
  const [keyId, publicKey] = [textAt(value, 'keyId'), textAt(value, 'publicKey')];
  const [identity, issuer] = [textAt(value, 'identity'), textAt(value, 'issuer')];
  if (keyId !== undefined) return { kind: 'key', keyId, publicKey: publicKey ?? '' };
  if (identity === undefined || issuer === undefined) return undefined;
  return { kind: 'keyless', identity, issuer };
}

/** Converts a log entry; none if it has no index. */
export function toLogEntry(value: unknown): readonly ReportedLogEntry[] {
  const [logIndex, logId] = [textAt(value, 'logIndex'), textAt(value, 'logId')];
  if (!isJsonObject(value) || logIndex === undefined) return [];
  const { integratedTime, inState } = value;
  const [subject, purpose] = [textAt(value, 'subject'), textAt(value, 'purpose')];
  return [
    {
      logIndex,
      logId: logId ?? '',
      ...(typeof integratedTime === 'number' && { integratedTime }),
      ...(subject !== undefined && { subject }),
      ...(purpose !== undefined && { purpose }),
      ...(typeof inState === 'boolean' && { inState }),
    },
  ];
}
