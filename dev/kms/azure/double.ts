import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { makeCertificate } from '../../registry/tls';
import { startConnectProxy } from '../connect-proxy';
import { trustAuthority } from '../trust';
import { AzureRefusal, type AzureStore, createKey, getKey, signValue } from './vault-store';

/** A request to the vault: `GET /keys/release/...` */
export interface AzureCall {
  readonly host: string;
  readonly line: string;
}

/**
 * A double of Azure Key Vault and of the sign-in service, under the real host names behind an
 * HTTP proxy: clients use the real endpoints, and their own checks of host names pass.
 */
export interface AzureDouble extends AzureStore {
  /** `team.vault.azure.net` */
  readonly vault: string;
  /** The environment of a client: proxy, tenant, client and secret. */
  readonly env: Readonly<Record<string, string>>;
  /** PEM file of the authority of its certificate. */
  readonly caFile: string;
  readonly calls: AzureCall[];
  /** The vault's tenant. */
  tenant: string;
  /** Called for every request to the vault; undefined: no fault. */
  fault: ((call: AzureCall) => AzureRefusal | undefined) | undefined;
  /** A response of the sign-in service instead of a token. */
  signInFault: { readonly status: number; readonly body: object } | undefined;
  close(): Promise<void>;
}

const VAULT = 'team.vault.azure.net';
const LOGIN = 'login.microsoftonline.com';
const TENANT = '11111111-2222-3333-4444-555555555555';
const CLIENT = '66666666-7777-8888-9999-000000000000';

interface Answer {
  readonly status: number;
  readonly body: object;
  readonly headers?: Readonly<Record<string, string>>;
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

const ok = (body: object): Answer => ({ status: 200, body });

/** https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow */
function signIn(double: AzureDouble, path: string, body: string, token: string): Answer {
  const tenant = path.split('/')[1] ?? '';
  if (path.endsWith('/.well-known/openid-configuration')) {
    const base = `https://${LOGIN}/${tenant}`;
    return ok({
      issuer: `${base}/v2.0`,
      token_endpoint: `${base}/oauth2/v2.0/token`,
      authorization_endpoint: `${base}/oauth2/v2.0/authorize`,
      jwks_uri: `${base}/discovery/v2.0/keys`,
    });
  }
  if (path.startsWith('/common/discovery/instance')) {
    return ok({
      tenant_discovery_endpoint: `https://${LOGIN}/${TENANT}/v2.0/.well-known/openid-configuration`,
      'api-version': '1.1',
      metadata: [{ preferred_network: LOGIN, preferred_cache: LOGIN, aliases: [LOGIN] }],
    });
  }
  if (double.signInFault !== undefined) return double.signInFault;
  const form = new URLSearchParams(body);
  // A federated token is issued to the job: the double accepts any.
  const isFederated = form.has('client_assertion');
  if (!isFederated && form.get('client_secret') !== double.env['AZURE_CLIENT_SECRET']) {
    const error_description = 'AADSTS7000215: Invalid client secret provided.';
    return { status: 401, body: { error: 'invalid_client', error_description } };
  }
  return ok({ token_type: 'Bearer', expires_in: 3599, access_token: token });
}

/** https://learn.microsoft.com/azure/key-vault/general/authentication-requests-and-responses */
function challenge({ tenant }: AzureDouble): AzureRefusal {
  return new AzureRefusal(
    401,
    'Unauthorized',
    'AKV10000: Request is missing a Bearer or PoP token.',
    undefined,
    {
      'www-authenticate': `Bearer authorization="https://${LOGIN}/${tenant}", resource="https://vault.azure.net"`,
    },
  );
}

function vaultAnswer(double: AzureDouble, { line }: AzureCall, body: string): object {
  const url = `https://${VAULT}`;
  const [, method, name = '', version = '', operation] =
    /^(GET|POST) \/keys\/([^/?]+)(?:\/([^/?]*))?(?:\/(\w+))?/.exec(line) ?? [];
  if (method === 'GET') return getKey(double, url, name, version);
  if (method === 'POST' && version === 'create') return createKey(double, url, name);
  if (method === 'POST' && (operation === 'sign' || version === 'sign')) {
    return signValue(double, url, name, operation === 'sign' ? version : '', JSON.parse(body));
  }
  throw new AzureRefusal(405, 'BadRequest', `${line} is not served here`);
}

function answerOf(double: AzureDouble, call: AzureCall, body: string, auth: string, token: string) {
  try {
    if (auth !== `Bearer ${token}`) throw challenge(double);
    const fault = double.fault?.(call);
    if (fault !== undefined) throw fault;
    return ok(vaultAnswer(double, call, body));
  } catch (error) {
    if (!(error instanceof AzureRefusal)) throw error;
    const { status, code, message, inner, headers } = error;
    const innererror = inner === undefined ? {} : { innererror: { code: inner } };
    return { status, headers, body: { error: { code, message, ...innererror } } };
  }
}

/** Starts the double, whose certificate this process trusts until it is closed. */
export async function startAzureDouble(secret: string, token: string): Promise<AzureDouble> {
  const folder = await mkdtemp(join(tmpdir(), 'azure-kms-'));
  const caFile = join(folder, 'ca.pem');
  const { ca, cert, key } = await makeCertificate([VAULT, LOGIN, 'login.microsoft.com']);
  await writeFile(caFile, ca);

  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await textOf(request);
    const host = String(request.headers.host).replace(/:\d+$/, '');
    const url = request.url ?? '/';
    const call = { host, line: `${request.method} ${url}` };
    double.calls.push(call);
    const answer: Answer =
      host === VAULT
        ? answerOf(double, call, body, String(request.headers.authorization), token)
        : signIn(double, url.replace(/\?.*/, ''), body, token);
    response.writeHead(answer.status, { 'content-type': 'application/json', ...answer.headers });
    response.end(JSON.stringify(answer.body));
  };
  const server = createServer({ cert, key }, (request, response) => {
    serve(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const hosts = [VAULT, LOGIN, 'login.microsoft.com'];
  const proxy = await startConnectProxy((host) => (hosts.includes(host) ? port : undefined));
  const distrust = trustAuthority(ca);
  const double: AzureDouble = {
    vault: VAULT,
    env: {
      HTTPS_PROXY: proxy.url,
      AZURE_TENANT_ID: TENANT,
      AZURE_CLIENT_ID: CLIENT,
      AZURE_CLIENT_SECRET: secret,
    },
    caFile,
    keys: new Map(),
    deleted: new Set(),
    calls: [],
    tenant: TENANT,
    fault: undefined,
    signInFault: undefined,
    async close() {
      distrust();
      await proxy.close();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
      await rm(folder, { recursive: true, force: true });
    },
  };
  return double;
}
