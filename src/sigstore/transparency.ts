import { createHash } from 'node:crypto';

import { RFC3161Timestamp } from '@sigstore/core';
import type { SignatureBundle, VerificationMaterial } from '@sigstore/sign';

import { SignedImageError } from '../error';
import { redactSecrets } from '../error/redaction';
import type { SigningWitness } from '../key/signer';
import { normalizeServiceUrl } from '../http/service-url';
import { isEntryOf } from './log-entry';
import { writeRekorV1 } from './rekor-v1-log';
import { readEntry } from './rekor-v2-tree';
import { type FindEntry, witnessInRekorV2 } from './rekor-v2-log';
import { type ServiceCallOptions, causesOf } from '../http/service-call';
import { requestTimestamp } from './timestamp-request';

/** A transparency log and the version of its API. */
export interface LogService {
  /** Base URL. */
  readonly url: string;
  /** Major version of its API. */
  readonly version: 1 | 2;
  /** The input property that it comes from. Default: `sigstore.rekorUrl`. */
  readonly property?: string;
}

/** A timestamp authority. */
export interface TimestampService {
  /** Base URL, or the full address to post to. It must have the JSON API of Sigstore's timestamp authority. */
  readonly url: string;
  /** The input property that it comes from. Default: `sigstore.tsaUrl`. */
  readonly property?: string;
}

export interface WitnessOptions {
  /** Default: none. */
  readonly logs?: readonly LogService[];
  /** Default: none. */
  readonly authorities?: readonly TimestampService[];
  readonly call?: ServiceCallOptions;
  /**
   * Full ids of the trusted logs; needed to use an existing entry of Rekor v2. Default: none, and an
   * existing entry is an error.
   */
  readonly logIds?: () => Promise<readonly Buffer[]>;
}

interface Testimony {
  readonly material: VerificationMaterial;
  /** Why it is not for the signature that was sent. */
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
  problem: string,
  cause?: unknown,
): SignedImageError {
  return new SignedImageError({
    code,
    property,
    message: `the ${name} ${url} ${problem}`,
    cause: cause === undefined ? undefined : redactSecrets(cause, []),
  });
}

/** Adds the service to every error, and rejects a response that is not for the signature that was sent. */
function createWitness(
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
        const problem = `failed or returned an invalid response (${causesOf(error)}); run again: signatures that were stored already are kept`;
        throw serviceError(service, problem, error);
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
  const isMatch = entry !== undefined && another === undefined && isEntryOf(entry, content);
  return isMatch ? undefined : 'returned an entry that is not for this signature';
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
  if (version === 1) return createWitness(service, createRekorV1(url, call), { kind: 'log' });
  const find: FindEntry = (body, index) => readEntry(url, { body, index }, { call, logIds });
  return createWitness(
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
  if (timestamp === undefined) return 'returned a response without a timestamp';
  try {
    const response = RFC3161Timestamp.parse(Buffer.from(timestamp.signedTimestamp));
    if (response.status > 1n) return `refused to issue a timestamp (PKI status ${response.status})`;
    const expected = createHash('sha256').update(signatureOf(content)).digest();
    const isMatch = response.tstInfo.messageImprintHashedMessage.equals(expected);
    return isMatch ? undefined : 'returned a timestamp that is not for this signature';
  } catch {
    return 'did not return an RFC 3161 timestamp';
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
  return createWitness(service, testify, { kind: 'timestamp' });
}

/**
 * Creates the transparency logs and timestamp authorities of a signature, each with a timeout, the
 * logs first. Rekor v1 receives `dsse` entries for envelopes and `hashedrekord` entries for plain
 * signatures, Rekor v2 `hashedrekord` for both.
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
