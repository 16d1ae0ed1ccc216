import { createHash } from 'node:crypto';

import { RFC3161Timestamp } from '@sigstore/core';
import type { SignatureBundle, VerificationMaterial } from '@sigstore/sign';

import { SignedImageError } from '../error';
import { redactSecrets } from '../error/redaction';
import type { SigningWitness } from '../key/signer';
import { normalizeServiceUrl } from '../http/service-url';
import { entryIsAbout } from './log-entry';
import { writeRekorV1 } from './rekor-v1-log';
import { readEntry } from './rekor-v2-tree';
import { type FindEntry, witnessInRekorV2 } from './rekor-v2-log';
import { type ServiceCallOptions, causesOf } from '../http/service-call';
import { requestTimestamp } from './timestamp-request';

/** A transparency log: where it is, and how it is spoken to. */
export interface LogService {
  /** Base URL. */
  readonly url: string;
  /** Major version of its API. */
  readonly version: 1 | 2;
  /** The declared property that it comes from. Default: `sigstore.rekorUrl`. */
  readonly property?: string;
}

/** A timestamp authority. */
export interface TimestampService {
  /** Base URL, or the full address to post to. It must have the JSON API of Sigstore's. */
  readonly url: string;
  /** The declared property that it comes from. Default: `sigstore.tsaUrl`. */
  readonly property?: string;
}

export interface WitnessOptions {
  /** Default: none. */
  readonly logs?: readonly LogService[];
  /** Default: none. */
  readonly authorities?: readonly TimestampService[];
  readonly call?: ServiceCallOptions;
  /**
   * Full ids of the trusted logs; needed to take up an entry that a Rekor v2 has already. Default:
   * none are known, and such an entry is an error.
   */
  readonly logIds?: () => Promise<readonly Buffer[]>;
}

interface Testimony {
  readonly material: VerificationMaterial;
  /** Why it is not about what was sent. */
  readonly fault: string | undefined;
}
type Testify = (content: SignatureBundle, publicKey: string) => Promise<Testimony>;

interface Service {
  readonly code: 'REKOR_FAILED' | 'TSA_FAILED';
  readonly name: string;
  readonly property: string;
  readonly url: string;
}

function serviceError(
  { code, name, property, url }: Service,
  what: string,
  cause?: unknown,
): SignedImageError {
  return new SignedImageError({
    code,
    property,
    message: `the ${name} ${url} ${what}`,
    cause: cause === undefined ? undefined : redactSecrets(cause, []),
  });
}

/** Names the service in every failure, and refuses an answer that is not about what was sent. */
function guarded(
  service: Service,
  testify: Testify,
  kind: Pick<SigningWitness, 'kind' | 'bundleOnly'>,
): SigningWitness {
  return {
    ...kind,
    async testify(content, publicKey) {
      let testimony: Testimony;
      try {
        testimony = await testify(content, publicKey);
      } catch (error) {
        if (error instanceof SignedImageError) throw error;
        const what = `did not answer as it should (${causesOf(error)}); run again: what is signed already is kept`;
        throw serviceError(service, what, error);
      }
      if (testimony.fault !== undefined) throw serviceError(service, testimony.fault);
      return testimony.material;
    },
  };
}

function entryFault(
  content: SignatureBundle,
  { tlogEntries = [] }: VerificationMaterial,
): string | undefined {
  const [entry, another] = tlogEntries;
  const isOurs = entry !== undefined && another === undefined && entryIsAbout(entry, content);
  return isOurs ? undefined : 'answered with an entry that is not about this signature';
}

function createRekorV1(url: string, call: ServiceCallOptions | undefined): Testify {
  return async (content, publicKey) => {
    const entry = await writeRekorV1(url, content, publicKey, call);
    const material: VerificationMaterial = { tlogEntries: [entry] };
    return { material, fault: entryFault(content, material) };
  };
}

function createLogWitness(
  { url: declared, version, property = 'sigstore.rekorUrl' }: LogService,
  { call, logIds = () => Promise.resolve([]) }: WitnessOptions,
): SigningWitness {
  const url = normalizeServiceUrl(declared);
  const service: Service = { code: 'REKOR_FAILED', name: 'transparency log', property, url };
  if (version === 1) return guarded(service, createRekorV1(url, call), { kind: 'log' });
  const find: FindEntry = (body, index) => readEntry(url, { body, index }, { call, logIds });
  return guarded(
    service,
    (content, publicKey) => witnessInRekorV2(url, content, publicKey, { call, find }),
    { kind: 'log', bundleOnly: true },
  );
}

function signatureOf(content: SignatureBundle): Buffer {
  return content.$case === 'dsseEnvelope'
    ? (content.dsseEnvelope.signatures[0]?.sig ?? Buffer.alloc(0))
    : content.messageSignature.signature;
}

/** https://www.rfc-editor.org/rfc/rfc3161#section-2.4.2: 0 granted, 1 granted with modifications. */
function timestampFault(
  content: SignatureBundle,
  { rfc3161Timestamps = [] }: VerificationMaterial,
): string | undefined {
  const [timestamp] = rfc3161Timestamps;
  if (timestamp === undefined) return 'answered without a timestamp';
  try {
    const response = RFC3161Timestamp.parse(Buffer.from(timestamp.signedTimestamp));
    if (response.status > 1n) return `refused to issue a timestamp (PKI status ${response.status})`;
    const expected = createHash('sha256').update(signatureOf(content)).digest();
    const isOurs = response.tstInfo.messageImprintHashedMessage.equals(expected);
    return isOurs ? undefined : 'answered with a timestamp that is not about this signature';
  } catch {
    return 'answered with something else than an RFC 3161 timestamp';
  }
}

function createTimestampWitness(
  { url: declared, property = 'sigstore.tsaUrl' }: TimestampService,
  call: ServiceCallOptions | undefined,
): SigningWitness {
  const url = normalizeServiceUrl(declared);
  const service: Service = { code: 'TSA_FAILED', name: 'timestamp authority', property, url };
  const testify: Testify = async (content) => {
    const signedTimestamp = await requestTimestamp(url, signatureOf(content), call);
    const material: VerificationMaterial = { rfc3161Timestamps: [{ signedTimestamp }] };
    return { material, fault: timestampFault(content, material) };
  };
  return guarded(service, testify, { kind: 'timestamp' });
}

/**
 * The witnesses of a signature, each bounded in time, the logs first. A Rekor v1 gets `dsse` entries
 * for envelopes and `hashedrekord` entries for plain signatures, a Rekor v2 `hashedrekord` for both.
 *
 * Their `testify` rejects with SignedImageError `REKOR_FAILED` or `TSA_FAILED` on the property that
 * the service comes from.
 */
export function createWitnesses(options: WitnessOptions): SigningWitness[] {
  const { logs = [], authorities = [], call } = options;
  return [
    ...logs.map((log) => createLogWitness(log, options)),
    ...authorities.map((authority) => createTimestampWitness(authority, call)),
  ];
}
