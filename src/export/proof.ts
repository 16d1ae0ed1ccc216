import { createHash } from 'node:crypto';

import type { Bundle } from '@sigstore/bundle';

import { parseStatement } from '../attest/parsed-statement';
import {
  type Digest,
  digestOf,
  hexOf,
  parseJsonObject,
  parseManifest,
  type RegistryClient,
  type Repository,
} from '../oci';
import type { Purpose, SignerDescription, StoredFormat } from '../sign';
import { completeBundle, certificatePem, leafCertificate } from '../storage';
import type { SignatureEvidence } from '../verify';
import { convertedBundle } from './converted-bundle';

/** The paths of one signature's files in the export. */
export interface ProofFiles {
  /** The manifest that was signed. */
  readonly manifest: string;
  /** Sigstore bundle; absent if the legacy signature has no equivalent bundle. */
  readonly bundle?: string;
  /** The signed bytes of a legacy signature (simple signing). */
  readonly payload?: string;
  /** Base64 of a legacy signature. */
  readonly signature?: string;
  /** DSSE envelope of a legacy attestation. */
  readonly envelope?: string;
  readonly certificate?: string;
  readonly publicKey?: string;
  /** The signed in-toto statement, decoded. */
  readonly statement?: string;
}

/** One verified signature or provenance: what it is, and the files that prove it. */
export interface Proof {
  readonly name: string;
  readonly purpose: Purpose;
  readonly format: StoredFormat;
  readonly subject: Digest;
  readonly platform?: string;
  /** Absent for a simple signing payload, which is not a statement. */
  readonly predicateType?: string;
  /** Whether the subjects of the statement have names: optional in in-toto, and required by sigstore-python. */
  readonly namedSubjects?: boolean;
  readonly signer: SignerDescription;
  readonly logged: boolean;
  /** Whether the log entry has an inclusion proof. Legacy signatures have a signed entry timestamp only. */
  readonly inclusionProof: boolean;
  /** Whether the log signed the time of the entry (Rekor v1). */
  readonly loggedTime: boolean;
  readonly timestamped: boolean;
  readonly files: ProofFiles;
}

/** A proof with the content of its files, by path. */
export interface ProofContent {
  readonly proof: Proof;
  readonly contents: ReadonlyMap<string, Buffer>;
}

/** The path of a manifest's file; its SHA-256 is the digest in the name. */
export function manifestPath(digest: Digest): string {
  return `manifests/sha256-${hexOf(digest)}.json`;
}

function signatureBytes({ content }: Bundle): Uint8Array {
  return content.$case === 'messageSignature'
    ? content.messageSignature.signature
    : (content.dsseEnvelope.signatures[0]?.sig ?? new Uint8Array());
}

/** Platforms come from the registry: characters that are not safe in file names and commands are replaced. */
function labelOf(platform: string | undefined): string {
  if (platform === undefined) return 'image';
  return platform.replaceAll(/[^A-Za-z0-9]+/g, '-').slice(0, 40);
}

/** The two formats may share a signature, so that its hash alone does not identify the files. */
function nameOf({ purpose, platform, candidate }: SignatureEvidence): string {
  const format = candidate.format === 'legacy' ? '-legacy' : '';
  const signature = signatureBytes(candidate.bundle);
  const id = createHash('sha256').update(signature).digest('hex').slice(0, 12);
  return `${purpose}-${labelOf(platform)}-${id}${format}`;
}

/** Returns the bundle as it is stored, byte for byte, unless it omits an index that sigstore-python requires. */
async function storedBundle(
  stored: Digest,
  repository: Repository,
  client: RegistryClient,
): Promise<Buffer | undefined> {
  const fetched = await client.getManifest(repository, stored);
  if (fetched === undefined) return undefined;
  const manifest = parseManifest(fetched.bytes, fetched.descriptor.mediaType);
  const [layer] = manifest.kind === 'image' ? manifest.layers : [];
  const bytes = layer && (await client.getBlob(repository, layer));
  return bytes && completeBundle(bytes);
}

function statementFacts({ content }: Bundle): Pick<Proof, 'predicateType' | 'namedSubjects'> {
  if (content.$case !== 'dsseEnvelope') return {};
  const { predicateType, subjects } = parseStatement(content.dsseEnvelope.payload);
  return { predicateType, namedSubjects: subjects.every(({ name }) => name !== undefined) };
}

function prettyStatement({ content }: Bundle): Buffer | undefined {
  if (content.$case !== 'dsseEnvelope') return undefined;
  const statement = parseJsonObject(content.dsseEnvelope.payload, 'the signed statement');
  return Buffer.from(`${JSON.stringify(statement, null, 2)}\n`, 'utf8');
}

/**
 * Derives the files of one verified signature. The same signature results in the same files, so that a later
 * verification can compare them.
 *
 * @param client reads the stored bundle, from the registry or from the export
 */
export async function proofOf(
  evidence: SignatureEvidence,
  repository: Repository,
  client: RegistryClient,
): Promise<ProofContent> {
  const { candidate, purpose, subject, platform, signer } = evidence;
  const { bundle, payload, envelope, format } = candidate;
  const { tlogEntries, timestampVerificationData } = bundle.verificationMaterial;
  const name = nameOf(evidence);
  const contents = new Map<string, Buffer>();
  const add = (path: string, bytes: Buffer | undefined): string | undefined => {
    if (bytes === undefined) return undefined;
    contents.set(path, bytes);
    return path;
  };
  const text = (value: string): Buffer => Buffer.from(value, 'utf8');
  const leaf = leafCertificate(bundle);
  const bundleBytes =
    format === 'bundle'
      ? await storedBundle(candidate.stored, repository, client)
      : convertedBundle(candidate);
  const signature = Buffer.from(signatureBytes(bundle)).toString('base64');
  const paths = {
    bundle: add(`bundles/${name}.sigstore.json`, bundleBytes),
    payload: add(`signatures/${name}.payload.json`, payload),
    signature: payload && add(`signatures/${name}.sig`, text(signature)),
    envelope: add(`attestations/${name}.dsse.json`, envelope),
    certificate:
      leaf && add(`certificates/${name}.pem`, text(`${certificatePem(leaf).trimEnd()}\n`)),
    publicKey:
      signer.kind === 'key' ? add(keyPath(signer.keyId), text(signer.publicKey)) : undefined,
    statement:
      purpose === 'provenance'
        ? add(`provenance/${name}.json`, prettyStatement(bundle))
        : undefined,
  };
  const given = Object.entries(paths).filter((entry) => entry[1] !== undefined);
  const proof: Proof = {
    name,
    purpose,
    format,
    subject,
    ...(platform !== undefined && { platform }),
    ...statementFacts(bundle),
    signer,
    logged: tlogEntries.length > 0,
    inclusionProof: tlogEntries.some((entry) => entry.inclusionProof !== undefined),
    loggedTime: tlogEntries.some((entry) => entry.inclusionPromise !== undefined),
    timestamped: (timestampVerificationData?.rfc3161Timestamps.length ?? 0) > 0,
    files: { manifest: manifestPath(subject), ...Object.fromEntries(given) },
  };
  return { proof, contents };
}

/** The path of a trusted public key. */
function keyPath(keyId: string): string {
  return `keys/${keyId.slice(0, 12)}.pub`;
}

/** Returns the digest of a file's content as in `checksums.txt`. */
export function checksumOf(bytes: Buffer): string {
  return hexOf(digestOf(bytes));
}
