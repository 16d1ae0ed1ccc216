import 'reflect-metadata';

import { X509Certificate, generateKeyPairSync } from 'node:crypto';

import { initializeTSA } from '@sigstore/mock';
import * as asn1js from 'asn1js';
import * as pkijs from 'pkijs';

import { type Handler, type ServiceAnswer, type ServiceRequest, json } from './http-service';

export interface TimestampSettings {
  /** Seconds by which the authority's clock is ahead (negative: behind). Default: 0. */
  clockOffset: number;
}

export interface TimestampAuthority {
  /** DER: the signing certificate, then the root. */
  readonly chain: readonly Buffer[];
  readonly handler: Handler;
}

export const TIMESTAMP_PATH = '/api/v1/timestamp';

type MockTimestampAuthority = Awaited<ReturnType<typeof initializeTSA>>;
type TimestampRequest = Parameters<MockTimestampAuthority['timestamp']>[0];

/** Internals of the mock's authority that are changed here. */
interface Inside {
  getCurrentTime: () => Date;
  tstInfo: (request: TimestampRequest) => pkijs.TSTInfo;
}

interface ParsedRequest extends TimestampRequest {
  /** The nonce as bytes: it may exceed the range of a number. */
  readonly exactNonce: asn1js.Integer | undefined;
}

const POLICY = '1.3.6.1.4.1.57264.2';
const HASHES: Readonly<Record<string, string>> = {
  sha256: '2.16.840.1.101.3.4.2.1',
  sha384: '2.16.840.1.101.3.4.2.2',
  sha512: '2.16.840.1.101.3.4.2.3',
};

/** An RFC 3161 authority with the API of sigstore/timestamp-authority; accepts JSON and DER. */
export async function createTimestampAuthority(
  settings: TimestampSettings,
): Promise<TimestampAuthority> {
  const authority = await initializeTSA(generateKeyPairSync('ec', { namedCurve: 'P-256' }));
  const inside = authority as unknown as Inside;
  // Whole seconds: @sigstore/core reads fractions of exactly three digits only.
  inside.getCurrentTime = () =>
    new Date((Math.floor(Date.now() / 1000) + settings.clockOffset) * 1000);
  const mocked = inside.tstInfo.bind(authority);
  inside.tstInfo = (request) => {
    const info = mocked(request);
    const { exactNonce } = request as ParsedRequest;
    if (exactNonce) info.nonce = exactNonce;
    else delete info.nonce;
    return info;
  };
  const chain = [
    Buffer.from(bytesOf(authority.intCertificate)),
    Buffer.from(bytesOf(authority.rootCertificate)),
  ];

  return {
    chain,
    handler: async (request) => {
      switch (`${request.method} ${request.path}`) {
        case `GET ${TIMESTAMP_PATH}/certchain`:
          return {
            status: 200,
            headers: { 'content-type': 'application/pem-certificate-chain' },
            body: chain.map((der) => new X509Certificate(der).toString()).join(''),
          };
        case `POST ${TIMESTAMP_PATH}`:
          return timestamp(request, authority);
        default:
          return json(404, { code: 404, message: 'not found' });
      }
    },
  };
}

async function timestamp(
  request: ServiceRequest,
  authority: MockTimestampAuthority,
): Promise<ServiceAnswer> {
  let parsed: ParsedRequest;
  try {
    const type = request.headers['content-type'] ?? '';
    parsed = type.startsWith('application/json') ? parseJson(request.body) : parseDer(request.body);
  } catch {
    return json(400, {
      code: 400,
      message: 'Error generating timestamp response: malformed request',
    });
  }
  const answer = await authority.timestamp(parsed);
  return {
    status: 201,
    headers: { 'content-type': 'application/timestamp-reply' },
    body: Buffer.from(bytesOf(answer)),
  };
}

function parseJson(body: Buffer): ParsedRequest {
  const request = JSON.parse(body.toString('utf8')) as {
    readonly artifactHash: string;
    readonly hashAlgorithm: string;
    readonly nonce?: number;
    readonly certificates?: boolean;
    readonly tsaPolicyOID?: string;
  };
  const hashAlgorithmOID = HASHES[request.hashAlgorithm.toLowerCase().replace('-', '')];
  if (!hashAlgorithmOID) throw new Error('unknown hash algorithm');
  return {
    artifactHash: Buffer.from(request.artifactHash, 'base64'),
    hashAlgorithmOID,
    nonce: 0,
    exactNonce:
      request.nonce === undefined ? undefined : new asn1js.Integer({ value: request.nonce }),
    policyOID: request.tsaPolicyOID ?? POLICY,
    certReq: request.certificates ?? false,
  };
}

function parseDer(body: Buffer): ParsedRequest {
  const { messageImprint, nonce, certReq, reqPolicy } = pkijs.TimeStampReq.fromBER(body);
  return {
    artifactHash: Buffer.from(messageImprint.hashedMessage.valueBlock.valueHexView),
    hashAlgorithmOID: messageImprint.hashAlgorithm.algorithmId,
    nonce: 0,
    exactNonce: nonce,
    policyOID: reqPolicy ?? POLICY,
    certReq: certReq ?? false,
  };
}

function bytesOf(view: ArrayBufferView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}
