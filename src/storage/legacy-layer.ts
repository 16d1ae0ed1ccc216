import { type Bundle, BUNDLE_V01_MEDIA_TYPE, envelopeToJSON } from '@sigstore/bundle';

import { SignedImageError, messageOf } from '../error';
import { digestOf, hexOf } from '../oci/digest';
import { isJsonObject, parseJsonObject } from '../oci/strict-json';
import { boundedBundle } from './bounded-bundle';
import { certificateDer, certificatePem } from '../host/pem-text';

/** Payload of a `.sig` layer. */
export const SIMPLE_SIGNING_MEDIA_TYPE = 'application/vnd.dev.cosign.simplesigning.v1+json';
/** Envelope of an `.att` layer. */
export const ENVELOPE_MEDIA_TYPE = 'application/vnd.dsse.envelope.v1+json';

// https://github.com/sigstore/cosign/blob/main/specs/SIGNATURE_SPEC.md
export const SIGNATURE = 'dev.cosignproject.cosign/signature';
const CERTIFICATE = 'dev.sigstore.cosign/certificate';
const CHAIN = 'dev.sigstore.cosign/chain';
const BUNDLE = 'dev.sigstore.cosign/bundle';
const TIMESTAMP = 'dev.sigstore.cosign/rfc3161timestamp';
export const PREDICATE_TYPE = 'predicateType';

export type LayerAnnotations = Readonly<Record<string, string>>;

type TlogEntry = Bundle['verificationMaterial']['tlogEntries'][number];

/**
 * Encodes a bundle's content as the annotations of a layer.
 *
 * @throws SignedImageError `INPUT_INVALID` on `format` if the log entry has no signed entry
 *   timestamp: this format cannot represent anything else
 */
export function encodeLayerAnnotations(bundle: Bundle): LayerAnnotations {
  const { content, tlogEntries, timestampVerificationData } = bundle.verificationMaterial;
  const signature =
    bundle.content.$case === 'messageSignature'
      ? bundle.content.messageSignature.signature.toString('base64')
      : '';
  const leaf = leafOf(content);
  const [entry] = tlogEntries;
  const timestamp = timestampVerificationData?.rfc3161Timestamps[0]?.signedTimestamp;
  return {
    [SIGNATURE]: signature,
    ...(leaf && { [CERTIFICATE]: certificatePem(leaf), [CHAIN]: '' }),
    ...(entry && { [BUNDLE]: encodeEntry(entry) }),
    ...(timestamp && {
      [TIMESTAMP]: JSON.stringify({
        SignedRFC3161Timestamp: Buffer.from(timestamp).toString('base64'),
      }),
    }),
  };
}

function leafOf(content: Bundle['verificationMaterial']['content']): Uint8Array | undefined {
  switch (content.$case) {
    case 'certificate':
      return content.certificate.rawBytes;
    case 'x509CertificateChain':
      return content.x509CertificateChain.certificates[0]?.rawBytes;
    case 'publicKey':
      return undefined;
  }
}

function encodeEntry(entry: TlogEntry): string {
  if (!entry.inclusionPromise) {
    throw new SignedImageError({
      code: 'INPUT_INVALID',
      message:
        'the transparency log does not return signed entry timestamps (Rekor v2 does not), and the legacy format requires them; use format "bundle" or Rekor v1',
      property: 'format',
    });
  }
  return JSON.stringify({
    SignedEntryTimestamp: entry.inclusionPromise.signedEntryTimestamp.toString('base64'),
    Payload: {
      body: entry.canonicalizedBody.toString('base64'),
      integratedTime: Number(entry.integratedTime),
      logIndex: Number(entry.logIndex),
      logID: entry.logId.keyId.toString('hex'),
    },
  });
}

function malformed(reason: string): SignedImageError {
  return new SignedImageError({
    code: 'CONTENT_MALFORMED',
    message: `not a valid signature layer: ${reason}`,
  });
}

/**
 * Converts a layer of a `.sig` tag to a bundle. Version 0.1, the only one that may contain a signed
 * entry timestamp without an inclusion proof.
 *
 * @throws SignedImageError `CONTENT_MALFORMED`
 */
export function bundleOfPayload(payload: Buffer, annotations: LayerAnnotations): Bundle {
  const signature = annotations[SIGNATURE];
  if (!signature) throw malformed('it has no signature');
  return assemble(annotations, {
    messageSignature: {
      messageDigest: {
        algorithm: 'SHA2_256',
        digest: Buffer.from(hexOf(digestOf(payload)), 'hex').toString('base64'),
      },
      signature: base64(signature, 'signature'),
    },
  });
}

/**
 * Converts a layer of an `.att` tag to a bundle, with one difference: its timestamp may be of the
 * whole envelope instead of the signature (`EnvelopeTimestamp`).
 *
 * @throws SignedImageError `CONTENT_MALFORMED`
 */
export function bundleOfEnvelope(envelope: Buffer, annotations: LayerAnnotations): Bundle {
  return assemble(annotations, { dsseEnvelope: parseJsonObject(envelope, 'the envelope') });
}

/** Encodes an `.att` layer. */
export function encodeEnvelope(bundle: Bundle): Buffer {
  if (bundle.content.$case !== 'dsseEnvelope') {
    throw new SignedImageError({
      code: 'INTERNAL',
      message: 'the bundle does not contain an envelope',
    });
  }
  return Buffer.from(JSON.stringify(envelopeToJSON(bundle.content.dsseEnvelope)), 'utf8');
}

function assemble(
  annotations: LayerAnnotations,
  content: Readonly<Record<string, unknown>>,
): Bundle {
  const json = {
    mediaType: BUNDLE_V01_MEDIA_TYPE,
    verificationMaterial: {
      ...keyMaterial(annotations[CERTIFICATE]),
      tlogEntries: annotations[BUNDLE] ? [decodeEntry(annotations[BUNDLE])] : [],
      timestampVerificationData: {
        rfc3161Timestamps: annotations[TIMESTAMP] ? [decodeTimestamp(annotations[TIMESTAMP])] : [],
      },
    },
    ...content,
  };
  try {
    return boundedBundle(json);
  } catch (error) {
    throw malformed(messageOf(error));
  }
}

function keyMaterial(pem: string | undefined): Readonly<Record<string, unknown>> {
  if (!pem) return { publicKey: { hint: '' } };
  const der = certificateDer(pem);
  if (!der) throw malformed('its certificate is not PEM');
  return { x509CertificateChain: { certificates: [{ rawBytes: der.toString('base64') }] } };
}

function decodeEntry(text: string): Readonly<Record<string, unknown>> {
  const value = objectOf(text, 'log entry');
  const payload = value['Payload'];
  if (!isJsonObject(payload)) throw malformed('its log entry has no payload');
  const { body, integratedTime, logIndex, logID } = payload;
  const canonicalizedBody = base64(body, 'log entry');
  const entry = objectOf(Buffer.from(canonicalizedBody, 'base64').toString('utf8'), 'log entry');
  if (typeof logID !== 'string' || !/^(?:[0-9a-f]{2})+$/.test(logID)) {
    throw malformed('its log id is not hex text');
  }
  return {
    logIndex: wholeNumber(logIndex),
    logId: { keyId: Buffer.from(logID, 'hex').toString('base64') },
    kindVersion: { kind: String(entry['kind']), version: String(entry['apiVersion']) },
    integratedTime: wholeNumber(integratedTime),
    inclusionPromise: {
      signedEntryTimestamp: base64(value['SignedEntryTimestamp'], 'signed entry timestamp'),
    },
    canonicalizedBody,
  };
}

function decodeTimestamp(text: string): Readonly<Record<string, unknown>> {
  const { SignedRFC3161Timestamp: timestamp } = objectOf(text, 'timestamp');
  return { signedTimestamp: base64(timestamp, 'timestamp') };
}

function objectOf(text: string, name: string): Readonly<Record<string, unknown>> {
  return parseJsonObject(Buffer.from(text, 'utf8'), `the ${name}`);
}

function wholeNumber(value: unknown): string {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) {
    throw malformed('a number in its log entry is malformed');
  }
  return String(value);
}

function base64(value: unknown, name: string): string {
  if (typeof value !== 'string' || !/^[A-Za-z0-9+/]+={0,2}$/.test(value)) {
    throw malformed(`its ${name} is not base64 text`);
  }
  return value;
}
