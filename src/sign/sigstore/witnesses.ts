import { createHash } from 'node:crypto';

import { RFC3161Timestamp } from '@sigstore/core';
import {
  RekorWitness,
  type SignatureBundle,
  TSAWitness,
  type VerificationMaterial,
} from '@sigstore/sign';

import { SignedImageError } from '../../error';
import { redactSecrets } from '../../redaction';
import type { SigningWitness } from '../material';
import { normalizeServiceUrl } from '../service-url';
import { entryIsAbout } from './log-entry';
import { type ServiceCallOptions, causesOf, fetchOptions } from './service-call';

export interface WitnessOptions {
  /** Base URL of a Rekor v1; `undefined` for no log. */
  readonly rekorUrl?: string | undefined;
  /** URL of an RFC 3161 authority with Sigstore's JSON API; `undefined` for no timestamp. */
  readonly tsaUrl?: string | undefined;
  readonly call?: ServiceCallOptions;
}

type Testimony = (content: SignatureBundle, publicKey: string) => Promise<VerificationMaterial>;

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
  testify: Testimony,
  fault: (content: SignatureBundle, material: VerificationMaterial) => string | undefined,
): SigningWitness {
  return {
    kind: service.code === 'REKOR_FAILED' ? 'log' : 'timestamp',
    async testify(content, publicKey) {
      let material: VerificationMaterial;
      try {
        material = await testify(content, publicKey);
      } catch (error) {
        const what = `did not answer as it should (${causesOf(error)}); run again: what is signed already is kept`;
        throw serviceError(service, what, error);
      }
      const wrong = fault(content, material);
      if (wrong !== undefined) throw serviceError(service, wrong);
      return material;
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

function createRekorWitness(url: string, call: ServiceCallOptions | undefined): SigningWitness {
  const rekor = new RekorWitness({
    rekorBaseURL: url,
    entryType: 'dsse',
    majorApiVersion: 1,
    // A 409 means that the entry is there, for example from a run that was stopped: it is fetched.
    fetchOnConflict: true,
    ...fetchOptions(call),
  });
  const service: Service = {
    code: 'REKOR_FAILED',
    name: 'transparency log',
    property: 'sigstore.rekorUrl',
    url,
  };
  return guarded(service, (content, publicKey) => rekor.testify(content, publicKey), entryFault);
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

function createTimestampWitness(url: string, call: ServiceCallOptions | undefined): SigningWitness {
  const authority = new TSAWitness({ tsaBaseURL: url, ...fetchOptions(call) });
  const service: Service = {
    code: 'TSA_FAILED',
    name: 'timestamp authority',
    property: 'sigstore.tsaUrl',
    url,
  };
  return guarded(service, (content) => authority.testify(content), timestampFault);
}

/**
 * The witnesses of a signature, each bounded in time, the log first. They write `dsse` entries for
 * envelopes and `hashedrekord` entries for plain signatures.
 *
 * Their `testify` rejects with SignedImageError `REKOR_FAILED` on `sigstore.rekorUrl` or
 * `TSA_FAILED` on `sigstore.tsaUrl`.
 */
export function createWitnesses({ rekorUrl, tsaUrl, call }: WitnessOptions): SigningWitness[] {
  return [
    ...(rekorUrl === undefined ? [] : [createRekorWitness(normalizeServiceUrl(rekorUrl), call)]),
    ...(tsaUrl === undefined ? [] : [createTimestampWitness(normalizeServiceUrl(tsaUrl), call)]),
  ];
}
