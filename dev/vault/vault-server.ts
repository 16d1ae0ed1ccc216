import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';

import type { TestCertificate } from '../registry/tls';
import { type EngineAnswer, type TransitKeyType, TransitStore } from './transit-store';

/** `path "transit/keys/x" { capabilities = ["read"] }`; a path may end in `*`. */
export interface KeyPolicy {
  readonly path: string;
  readonly capabilities: readonly ('create' | 'read' | 'update')[];
}

export interface VaultOptions {
  /** Has all permissions. */
  readonly rootToken: string;
  /** Other tokens and their policies. */
  readonly tokens?: Readonly<Record<string, readonly KeyPolicy[]>>;
  /** Where the transit engine is mounted. Default: `transit`. */
  readonly mount?: string;
  /** The namespace of the mount. Default: none. */
  readonly namespace?: string;
  /** Serves https. */
  readonly certificate?: TestCertificate;
  /** Called first: its result replaces Vault's response; status 0 closes the connection. */
  readonly fault?: (request: { readonly method: string; readonly path: string }) =>
    | {
        readonly status: number;
        readonly headers?: Record<string, string>;
        readonly errors: string[];
      }
    | undefined;
}

export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly token: string | undefined;
  readonly headers: IncomingMessage['headers'];
}

export interface RunningVault {
  readonly url: string;
  readonly requests: readonly SeenRequest[];
  makeKey(name: string, type?: TransitKeyType): void;
  rotate(name: string): void;
  setMinEncryptionVersion(name: string, version: number): void;
  setSealed(sealed: boolean): void;
  close(): Promise<void>;
}

interface VaultRequest {
  readonly method: string;
  /** Below `/v1/`. */
  readonly path: string;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly token: string | undefined;
  readonly namespace: string;
}

const CAPABILITIES = { GET: 'read', POST: 'update', PUT: 'update' } as const;

function permits(policies: readonly KeyPolicy[], { method, path }: VaultRequest): boolean {
  const needed = CAPABILITIES[method as keyof typeof CAPABILITIES];
  return policies.some(
    (policy) =>
      (policy.path.endsWith('*')
        ? path.startsWith(policy.path.slice(0, -1))
        : path === policy.path) &&
      policy.capabilities.some(
        (each) => each === needed || (each === 'create' && needed === 'update'),
      ),
  );
}

async function fieldsOf(incoming: IncomingMessage): Promise<Readonly<Record<string, unknown>>> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString('utf8');
  return text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
}

function send(outgoing: ServerResponse, { status, data, errors }: EngineAnswer): void {
  const body =
    errors === undefined
      ? {
          request_id: randomUUID(),
          lease_id: '',
          renewable: false,
          lease_duration: 0,
          data,
          warnings: null,
        }
      : { errors };
  outgoing.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  outgoing.end(JSON.stringify(body));
}

/**
 * A double of Vault and OpenBao: tokens, policies, namespaces and the transit engine, by their HTTP
 * API. Keys are in memory.
 */
export async function startVault(options: VaultOptions): Promise<RunningVault> {
  const { rootToken, tokens = {}, mount = 'transit', namespace = '', certificate } = options;
  const store = new TransitStore();
  const requests: SeenRequest[] = [];
  let sealed = false;

  function engine({ method, path, fields }: VaultRequest): EngineAnswer {
    const [kind = '', name = '', third = ''] = path.slice(mount.length + 1).split('/');
    const writes = method === 'POST' || method === 'PUT';
    if (kind === 'keys' && third === '' && method === 'GET') return store.read(name);
    if (kind === 'keys' && third === '' && writes) return store.create(name, fields);
    if (kind === 'keys' && third === 'rotate' && writes) return store.rotate(name);
    if (kind === 'keys' && third === 'config' && writes) return store.configure(name, fields);
    if (kind === 'sign' && writes) return store.sign(name, third || 'sha2-256', fields);
    if (kind === 'verify' && writes) return store.verify(name, third || 'sha2-256', fields);
    return { status: 405, errors: ['1 error occurred:\n\t* unsupported operation\n\n'] };
  }

  function answer(request: VaultRequest): EngineAnswer {
    if (sealed) return { status: 503, errors: ['Vault is sealed'] };
    const policies = request.token === undefined ? undefined : tokens[request.token];
    const isRoot = request.token === rootToken;
    if (!isRoot && policies === undefined) {
      const errors = ['2 errors occurred:\n\t* permission denied\n\t* invalid token\n\n'];
      return { status: 403, errors };
    }
    if (!isRoot && !permits(policies ?? [], request)) {
      return { status: 403, errors: ['1 error occurred:\n\t* permission denied\n\n'] };
    }
    if (request.namespace !== namespace || !request.path.startsWith(`${mount}/`)) {
      return {
        status: 404,
        errors: [`no handler for route "${request.path}". route entry not found.`],
      };
    }
    return engine(request);
  }

  async function serve(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const { pathname } = new URL(incoming.url ?? '/', 'http://vault');
    const path = pathname.replace(/^\/v1\//, '').replace(/\/+/g, '/');
    const { headers, method = 'GET' } = incoming;
    const bearer = /^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1];
    const token = headers['x-vault-token']?.toString() ?? bearer;
    const fields = await fieldsOf(incoming);
    requests.push({ method, path, token, headers });
    const fault = options.fault?.({ method, path });
    if (fault?.status === 0) {
      outgoing.destroy();
      return;
    }
    if (fault !== undefined) {
      outgoing.writeHead(fault.status, { 'content-type': 'application/json', ...fault.headers });
      outgoing.end(JSON.stringify({ errors: fault.errors }));
      return;
    }
    const requestedNamespace =
      headers['x-vault-namespace']?.toString().replace(/^\/+|\/+$/g, '') ?? '';
    send(outgoing, answer({ method, path, fields, token, namespace: requestedNamespace }));
  }

  const handler = (incoming: IncomingMessage, outgoing: ServerResponse): void => {
    serve(incoming, outgoing).catch(() => outgoing.destroy());
  };
  const server = certificate ? createTlsServer(certificate, handler) : createServer(handler);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `${certificate ? 'https' : 'http'}://127.0.0.1:${port}`,
    requests,
    makeKey: (name, type = 'ecdsa-p256') => void store.create(name, { type }),
    rotate: (name) => void store.rotate(name),
    setMinEncryptionVersion: (name, version) =>
      void store.configure(name, { min_encryption_version: version }),
    setSealed: (value) => {
      sealed = value;
    },
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}
