import { createPublicKey, generateKeyPairSync, type KeyObject, randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import { signPrehashed } from '../../vault/prehashed-signing';

/** A key of the double. */
export interface AwsDoubleKey {
  readonly privateKey: KeyObject;
  /** `KeySpec`; default `ECC_NIST_P256`. */
  readonly spec?: string;
  /** `KeyUsage`; default `SIGN_VERIFY`. */
  readonly usage?: string;
  /** `SigningAlgorithms`; default `ECDSA_SHA_256`. */
  readonly algorithms?: readonly string[];
  readonly state?: 'Disabled' | 'PendingDeletion';
}

/** An error response of KMS. */
export interface AwsFault {
  /** Default: 400, the status of nearly all errors of KMS. */
  readonly status?: number;
  /** `AccessDeniedException`, ... */
  readonly type: string;
  readonly message: string;
}

export interface AwsCall {
  /** `Sign`, `GetPublicKey`, ... */
  readonly action: string;
  readonly body: Readonly<Record<string, unknown>>;
  readonly headers: IncomingMessage['headers'];
}

/**
 * A double of AWS KMS with its JSON protocol
 * (https://docs.aws.amazon.com/kms/latest/APIReference/Welcome.html), for cases that the emulator does not
 * support: errors, a different clock, keys in any state.
 */
export interface AwsDouble {
  /** The value for `AWS_ENDPOINT_URL`. */
  readonly url: string;
  /** By key id or `alias/NAME`. */
  readonly keys: Map<string, AwsDoubleKey>;
  readonly calls: AwsCall[];
  /** Called for every request; undefined: no fault. */
  fault: ((call: AwsCall) => AwsFault | undefined) | undefined;
  /** Milliseconds by which AWS's clock is ahead of this machine's. */
  clockOffset: number;
  close(): Promise<void>;
}

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/signing-elements.html */
const SKEW_MS = 5 * 60 * 1000;

class Refusal extends Error {
  constructor(readonly fault: AwsFault) {
    super(fault.message);
  }
}

function refusal(type: string, message: string): Refusal {
  return new Refusal({ type, message });
}

function usableKey(keys: AwsDouble['keys'], id: string): AwsDoubleKey {
  const key = keys.get(id.replace(/^arn:aws:kms:[^:]+:\d+:(key\/)?/, ''));
  if (key === undefined) throw refusal('NotFoundException', `${id} is not found.`);
  if (key.state === 'Disabled') throw refusal('DisabledException', `${id} is disabled.`);
  if (key.state === 'PendingDeletion') {
    throw refusal('KMSInvalidStateException', `${id} is pending deletion.`);
  }
  return key;
}

function getPublicKey(keys: AwsDouble['keys'], { KeyId }: AwsCall['body']): object {
  const key = usableKey(keys, String(KeyId));
  const spki = createPublicKey(key.privateKey).export({ format: 'der', type: 'spki' });
  return {
    KeyId,
    PublicKey: spki.toString('base64'),
    KeySpec: key.spec ?? 'ECC_NIST_P256',
    KeyUsage: key.usage ?? 'SIGN_VERIFY',
    SigningAlgorithms: key.algorithms ?? ['ECDSA_SHA_256'],
  };
}

function signDigest(keys: AwsDouble['keys'], body: AwsCall['body']): object {
  const key = usableKey(keys, String(body['KeyId']));
  const digest = Buffer.from(String(body['Message']), 'base64');
  if (body['MessageType'] !== 'DIGEST' || digest.length !== 32) {
    throw refusal('ValidationException', 'Digest is invalid length for algorithm.');
  }
  return {
    KeyId: body['KeyId'],
    SigningAlgorithm: body['SigningAlgorithm'],
    Signature: signPrehashed(key.privateKey, digest).toString('base64'),
  };
}

function createKey(keys: AwsDouble['keys'], body: AwsCall['body']): object {
  if (body['KeySpec'] !== 'ECC_NIST_P256' || body['KeyUsage'] !== 'SIGN_VERIFY') {
    throw refusal('UnsupportedOperationException', 'The double creates signing keys only.');
  }
  const KeyId = randomUUID();
  keys.set(KeyId, generateKeyPairSync('ec', { namedCurve: 'P-256' }));
  return { KeyMetadata: { KeyId } };
}

function createAlias(keys: AwsDouble['keys'], body: AwsCall['body']): object {
  keys.set(String(body['AliasName']), usableKey(keys, String(body['TargetKeyId'])));
  return {};
}

function describeKey(keys: AwsDouble['keys'], { KeyId }: AwsCall['body']): object {
  if (keys.has(String(KeyId))) return { KeyMetadata: { KeyId } };
  throw refusal('NotFoundException', `${String(KeyId)} is not found.`);
}

type Operation = (keys: AwsDouble['keys'], body: AwsCall['body']) => object;

const OPERATIONS: Readonly<Record<string, Operation>> = {
  GetPublicKey: getPublicKey,
  Sign: signDigest,
  CreateKey: createKey,
  CreateAlias: createAlias,
  DescribeKey: describeKey,
  ScheduleKeyDeletion: (keys, { KeyId }) => ({ KeyId, gone: keys.delete(String(KeyId)) }),
};

function answerTo(double: AwsDouble, call: AwsCall): object {
  refuseSkew(call, Date.now() + double.clockOffset);
  const fault = double.fault?.(call);
  if (fault !== undefined) throw new Refusal(fault);
  const operation = OPERATIONS[call.action];
  if (operation !== undefined) return operation(double.keys, call.body);
  throw refusal('UnsupportedOperationException', `${call.action} is not supported.`);
}

function refuseSkew({ headers }: AwsCall, now: number): void {
  const date = String(headers['x-amz-date']);
  const iso = date.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z');
  const ahead = Date.parse(iso) - now;
  if (Math.abs(ahead) <= SKEW_MS) return;
  const is = ahead < 0 ? 'expired' : 'not yet current';
  throw refusal('InvalidSignatureException', `Signature ${is}: ${date}`);
}

async function callOf(request: IncomingMessage): Promise<AwsCall> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const { headers } = request;
  const action = String(headers['x-amz-target']).replace('TrentService.', '');
  return { action, headers, body: JSON.parse(Buffer.concat(chunks).toString()) as AwsCall['body'] };
}

async function serve(double: AwsDouble, request: IncomingMessage, response: ServerResponse) {
  const call = await callOf(request);
  double.calls.push(call);
  // The SDK corrects its clock by this header.
  response.setHeader('date', new Date(Date.now() + double.clockOffset).toUTCString());
  response.setHeader('content-type', 'application/x-amz-json-1.1');
  try {
    response.end(JSON.stringify(answerTo(double, call)));
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const { status = 400, type, message } = error.fault;
    response.writeHead(status).end(JSON.stringify({ __type: type, message }));
  }
}

export async function startAwsDouble(): Promise<AwsDouble> {
  const server = createServer((request, response) => {
    serve(double, request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const double: AwsDouble = {
    url: `http://127.0.0.1:${port}`,
    keys: new Map(),
    calls: [],
    fault: undefined,
    clockOffset: 0,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return double;
}
