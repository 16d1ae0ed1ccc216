import { createHash } from 'node:crypto';

import { type Bundle, bundleFromJSON } from '@sigstore/bundle';
import { HashAlgorithm } from '@sigstore/protobuf-specs';
import {
  MessageSignatureBundleBuilder,
  type SignatureBundle,
  type VerificationMaterial,
} from '@sigstore/sign';

import {
  type Statement,
  STATEMENT_PAYLOAD_TYPE,
  encodeStatement,
  signatureStatement,
} from '../attest/statement';
import { asSignedImageError } from '../error';
import type { RegistryClient } from '../oci/client';
import type { Descriptor } from '../oci/descriptor';
import { type Digest, digestOf } from '../oci/digest';
import type { Repository } from '../oci/reference';
import { writeBundle } from '../storage/bundle-format';
import type { Candidate } from '../storage/candidate';
import { attestationAnnotations, writeLayer } from '../storage/legacy-format';
import {
  bundleOfEnvelope,
  bundleOfPayload,
  encodeEnvelope,
  encodeLayerAnnotations,
} from '../storage/legacy-layer';
import { encodeSimpleSigning } from '../storage/legacy-payload';
import type { ReferrerRead } from '../storage/referrer-read';
import {
  type Purpose,
  type StoredFormat,
  storedSignature,
  type StoredSignature,
} from '../storage/signature';
import type { SigningMaterial } from '../key/signer';
import type { CheckFresh } from './reuse';
import { createDsseBundleBuilder } from '../sigstore/dsse-bundle';

/** The inputs of one signature, and where to store it. */
export interface SigningJob {
  readonly client: RegistryClient;
  readonly repository: Repository;
  readonly subject: Descriptor;
  readonly material: SigningMaterial;
  readonly now: () => Date;
  readonly checkFresh: CheckFresh;
  /** Called with each signature before it is written: a failure may leave it in the registry. */
  readonly writing: (signature: StoredSignature) => void;
}

/** A stored signature, and how to ensure that it is still stored. */
export interface Stored {
  readonly signature: StoredSignature;
  /** Stores it again if it is not listed or another writer has removed it; else it writes nothing. */
  readonly confirm: (read: ReferrerRead) => Promise<void>;
}

async function withSigningError<T>(sign: () => Promise<T>): Promise<T> {
  try {
    return await sign();
  } catch (error) {
    throw asSignedImageError(error, {
      code: 'KEY_SIGNING_FAILED',
      message:
        'the signer, the transparency log or the timestamp authority failed without a known reason',
    });
  }
}

/** Creates a bundle with the statement in a signed envelope, its log entries and its timestamps. */
export function signStatement(job: SigningJob, statement: Statement): Promise<Bundle> {
  const { signer, witnesses } = job.material;
  const builder = createDsseBundleBuilder({ signer, witnesses });
  const artifact = { data: encodeStatement(statement), type: STATEMENT_PAYLOAD_TYPE };
  return withSigningError(() => builder.create(artifact));
}

/** Verifies the signature in its stored form, so that an unverifiable one is not stored. */
function checkBeforeStoring(job: SigningJob, fresh: Omit<Candidate, 'stored'>): void {
  job.checkFresh({ ...fresh, stored: job.subject.digest }, job.material.description);
}

async function storeBundle(
  job: SigningJob,
  purpose: Purpose,
  bundle: Bundle,
  predicateType: string,
): Promise<Stored> {
  const { client, repository, subject } = job;
  checkBeforeStoring(job, { format: 'bundle', bundle });
  const signedAt = job.now();
  const signatureAt = (stored: Digest): StoredSignature =>
    storedSignature({ subject: subject.digest, purpose, format: 'bundle', stored, bundle });
  const { digest, confirm } = await writeBundle(client, {
    repository,
    subject,
    bundle,
    predicateType,
    signedAt,
    announce: (manifest) => job.writing(signatureAt(manifest)),
  });
  return { signature: signatureAt(digest), confirm };
}

async function storeLayer(
  job: SigningJob,
  purpose: Purpose,
  blob: Buffer,
  annotations: Readonly<Record<string, string>>,
): Promise<Stored> {
  const { client, repository } = job;
  const subject = job.subject.digest;
  const bundle =
    purpose === 'signature'
      ? bundleOfPayload(blob, annotations)
      : bundleOfEnvelope(blob, annotations);
  const signed = purpose === 'signature' ? { payload: blob } : { envelope: blob };
  checkBeforeStoring(job, { format: 'legacy', bundle, ...signed });
  const stored = digestOf(blob);
  const signature = storedSignature({ subject, purpose, format: 'legacy', stored, bundle });
  job.writing(signature);
  const write = () => writeLayer(client, { repository, subject, purpose, blob, annotations });
  await write();
  return { signature, confirm: async () => void (await write()) };
}

/**
 * Signs the image by digest, together with the annotations.
 *
 * @param signedIdentity the reference that the image claims; only the legacy format has it
 */
export async function signManifest(
  job: SigningJob,
  format: StoredFormat,
  annotations: Readonly<Record<string, string>>,
  signedIdentity: string,
): Promise<Stored> {
  const { digest } = job.subject;
  if (format === 'bundle') {
    const statement = signatureStatement(job.repository, digest, annotations);
    const bundle = await signStatement(job, statement);
    return storeBundle(job, 'signature', bundle, statement.predicateType);
  }
  const { signer, witnesses } = job.material;
  const payload = encodeSimpleSigning(signedIdentity, digest, annotations);
  const builder = new MessageSignatureBundleBuilder({ signer, witnesses: [...witnesses] });
  const bundle = await withSigningError(() => builder.create({ data: payload }));
  return storeLayer(job, 'signature', payload, encodeLayerAnnotations(bundle));
}

/** A statement to store, for example provenance. */
export interface WantedStatement {
  readonly purpose: Exclude<Purpose, 'signature'>;
  readonly statement: Statement;
}

/** Stores a signed statement; both formats may contain the same envelope. */
export async function storeStatement(
  job: SigningJob,
  format: StoredFormat,
  bundle: Bundle,
  { purpose, statement: { predicateType } }: WantedStatement,
): Promise<Stored> {
  if (format === 'bundle') return storeBundle(job, purpose, bundle, predicateType);
  const envelope = encodeEnvelope(bundle);
  const timestamps = await timestampsOf(job, envelope);
  const annotations = {
    ...encodeLayerAnnotations(withTimestamps(bundle, timestamps)),
    ...attestationAnnotations(predicateType),
  };
  return storeLayer(job, purpose, envelope, annotations);
}

type Timestamps = NonNullable<VerificationMaterial['rfc3161Timestamps']>;

/** Requests timestamps for an `.att` layer: cosign expects them for the whole envelope, not for the signature. */
async function timestampsOf({ material }: SigningJob, envelope: Buffer): Promise<Timestamps> {
  const digest = createHash('sha256').update(envelope).digest();
  const content: SignatureBundle = {
    $case: 'messageSignature',
    messageSignature: {
      messageDigest: { algorithm: HashAlgorithm.SHA2_256, digest },
      signature: envelope,
    },
  };
  const authorities = material.witnesses.filter(({ kind }) => kind === 'timestamp');
  const materials = await withSigningError(() =>
    Promise.all(authorities.map((authority) => authority.testify(content, ''))),
  );
  return materials.flatMap(({ rfc3161Timestamps }) => rfc3161Timestamps ?? []);
}

function withTimestamps(bundle: Bundle, rfc3161Timestamps: Timestamps): Bundle {
  const timestampVerificationData = { rfc3161Timestamps };
  const material = { ...bundle.verificationMaterial, timestampVerificationData };
  return { ...bundle, verificationMaterial: material };
}

/**
 * Returns the signed envelope of a stored statement, to store it in the other format. Only a bundle
 * contains everything that the `.att` layer needs; the layer lacks the inclusion proof that a bundle
 * must have. And a new timestamp would be later than the expiry of a short-lived certificate.
 */
export function reusableEnvelope(stored: StoredSignature | undefined): Bundle | undefined {
  if (stored?.format !== 'bundle') return undefined;
  const bundle = bundleFromJSON(stored.bundle);
  const { timestampVerificationData } = bundle.verificationMaterial;
  const stamped = (timestampVerificationData?.rfc3161Timestamps ?? []).length > 0;
  return stamped && stored.certificate !== undefined ? undefined : bundle;
}
