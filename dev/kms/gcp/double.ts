import './own-roots';

import { createPublicKey, generateKeyPairSync, type KeyObject, verify } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import {
  Metadata,
  Server,
  ServerCredentials,
  type sendUnaryData,
  type ServerUnaryCall,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';

import { makeCertificate } from '../../registry/tls';
import { type ConnectProxy, startConnectProxy } from '../connect-proxy';
import { trustAuthority } from '../trust';
import { GcpRefusal, type GcpStore, OPERATIONS } from './store';
import { SERVICE_DEFINITION } from './wire';

/** Called for every request: returns a refusal, or undefined. */
export type GcpFault = (method: string, count: number) => GcpRefusal | undefined;

/**
 * A double of Google Cloud KMS: gRPC over TLS, with the SDK's own messages, and with service
 * accounts that sign their tokens themselves (https://google.aip.dev/auth/4111).
 */
export interface GcpDouble extends GcpStore {
  /** `CLOUDSDK_API_ENDPOINT_OVERRIDES_CLOUDKMS` */
  readonly url: string;
  /** A proxy to the double for the real host name, for clients without a setting for the endpoint. */
  readonly proxy: ConnectProxy;
  /** PEM file of the authority of its certificate. */
  readonly caFile: string;
  /** `GOOGLE_APPLICATION_CREDENTIALS`: the key of a service account. */
  readonly credentialsFile: string;
  /** The permissions of the service account; undefined: all. */
  permissions: ReadonlySet<string> | undefined;
  fault: GcpFault | undefined;
  /** Milliseconds by which Google's clock is ahead of this machine's. */
  clockOffset: number;
  /** The called methods, in order. */
  readonly calls: string[];
  close(): Promise<void>;
}

const HOST = 'cloudkms.googleapis.com';
const [INTERNAL, PERMISSION_DENIED, UNAUTHENTICATED] = [13, 7, 16];

interface Claims {
  readonly iat?: number;
  readonly exp?: number;
}

function refuseToken(metadata: Metadata, account: KeyObject, now: number): void {
  const token = String(metadata.get('authorization')[0] ?? '').replace(/^Bearer /, '');
  const [header = '', payload = '', signature = ''] = token.split('.');
  const isOurs = verify(
    'sha256',
    Buffer.from(`${header}.${payload}`),
    account,
    Buffer.from(signature, 'base64url'),
  );
  const { iat = Infinity, exp = 0 } = isOurs
    ? (JSON.parse(Buffer.from(payload, 'base64url').toString()) as Claims)
    : {};
  const seconds = now / 1000;
  // Ten minutes of tolerance, as for other tokens of Google.
  if (iat - 600 > seconds || exp < seconds) {
    throw new GcpRefusal(
      UNAUTHENTICATED,
      'Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication credential.',
    );
  }
}

function handlerOf(double: GcpDouble, account: KeyObject, method: string) {
  const { permission, run } = OPERATIONS[method] ?? {};
  return (call: ServerUnaryCall<object, object>, answer: sendUnaryData<object>) => {
    double.calls.push(method);
    try {
      if (run === undefined || permission === undefined) throw new GcpRefusal(12, method);
      refuseToken(call.metadata, account, Date.now() + double.clockOffset);
      const fault = double.fault?.(method, double.calls.length);
      if (fault !== undefined) throw fault;
      const request = call.request as Readonly<Record<string, unknown>>;
      if (double.permissions?.has(permission) === false) {
        const resource = String(request['name'] ?? request['parent']);
        throw new GcpRefusal(
          PERMISSION_DENIED,
          `Permission '${permission}' denied on resource '${resource}' (or it may not exist).`,
        );
      }
      answer(null, run(double, request));
    } catch (error) {
      const { code, message } =
        error instanceof GcpRefusal ? error : new GcpRefusal(INTERNAL, String(error));
      answer({ code, details: message, metadata: new Metadata() });
    }
  };
}

function listen(server: Server, cert: string, key: string): Promise<number> {
  const pair = { cert_chain: Buffer.from(cert), private_key: Buffer.from(key) };
  return new Promise((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createSsl(null, [pair]), (error, port) =>
      error === null ? resolve(port) : reject(error),
    );
  });
}

/** A service account key, as downloaded from the console. */
function accountFile(privateKey: KeyObject): string {
  return JSON.stringify({
    type: 'service_account',
    project_id: 'team',
    private_key_id: 'a1b2c3',
    private_key: privateKey.export({ format: 'pem', type: 'pkcs8' }),
    client_email: 'signer@team.iam.gserviceaccount.com',
    client_id: '1234567890',
    token_uri: 'https://oauth2.googleapis.com/token',
  });
}

/** Starts the double, whose certificate this process trusts until it is closed. */
export async function startGcpDouble(): Promise<GcpDouble> {
  const folder = await mkdtemp(join(tmpdir(), 'gcp-kms-'));
  const [caFile, credentialsFile] = [join(folder, 'ca.pem'), join(folder, 'account.json')];
  const { ca, cert, key } = await makeCertificate([HOST]);
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  await writeFile(caFile, ca);
  await writeFile(credentialsFile, accountFile(privateKey), { mode: 0o600 });

  const server = new Server();
  const port = await listen(server, cert, key);
  const proxy = await startConnectProxy((host) => (host === HOST ? port : undefined));
  const distrust = trustAuthority(ca);
  const double: GcpDouble = {
    url: `https://localhost:${port}/`,
    proxy,
    caFile,
    credentialsFile,
    keyRings: new Set(),
    keys: new Map(),
    damage: undefined,
    permissions: undefined,
    fault: undefined,
    clockOffset: 0,
    calls: [],
    async close() {
      server.forceShutdown();
      distrust();
      await proxy.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
  const account = createPublicKey(privateKey);
  const handlers: UntypedServiceImplementation = Object.fromEntries(
    Object.keys(SERVICE_DEFINITION).map((method) => [method, handlerOf(double, account, method)]),
  );
  server.addService(SERVICE_DEFINITION, handlers);
  return double;
}
