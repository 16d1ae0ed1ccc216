import type { ServiceError } from '@grpc/grpc-js';

import type { Host } from '../host/host';
import { optionalPackage } from '../host/optional-package';
import type { TokenSource } from './identity-provider';
import { unavailable } from './token-request';
import { decodeJwtSvids, encodeJwtSvidRequest } from './workload-messages';

/** https://github.com/spiffe/spiffe/blob/main/standards/SPIFFE_Workload_Endpoint.md#4-locating-the-endpoint */
const SOCKET_VARIABLE = 'SPIFFE_ENDPOINT_SOCKET';
/** SPIRE's and cosign's default. */
const DEFAULT_SOCKET = '/tmp/spire-agent/public/api.sock';
const METHOD = '/SpiffeWorkloadAPI/FetchJWTSVID';
const TIMEOUT_MS = 10_000;

type SpiffeHost = Pick<Host, 'env' | 'readFile'>;

/** The socket's address as gRPC takes it; the variable holds a URI, and for cosign a bare path. */
export function workloadEndpoint({ env }: Pick<Host, 'env'>): string {
  const declared = env[SOCKET_VARIABLE]?.trim() || DEFAULT_SOCKET;
  if (declared.startsWith('tcp://')) return declared.slice('tcp://'.length);
  return `unix:${declared.replace(/^unix:(\/\/)?/, '')}`;
}

/** Whether an agent is named, or its socket is at the usual place. */
export async function hasSpiffeAgent(host: SpiffeHost): Promise<boolean> {
  if (host.env[SOCKET_VARIABLE]) return true;
  // Opening a socket like a file fails with this code.
  return host.readFile(DEFAULT_SOCKET).then(
    () => false,
    ({ code }: NodeJS.ErrnoException) => code === 'ENXIO',
  );
}

/** The workload's own identity, of the agent that runs beside it. */
export function spiffeSource(host: SpiffeHost, audience: string): TokenSource {
  const endpoint = workloadEndpoint(host);
  return {
    name: `the JWT-SVID of the SPIFFE agent at ${endpoint}`,
    local: false,
    property: 'keyless',
    read: async () => {
      const answer = await fetchJwtSvid(endpoint, audience);
      let tokens: readonly string[] = [];
      try {
        tokens = decodeJwtSvids(answer);
      } catch {
        // Reported below: the response is not one of a Workload API.
      }
      const [token] = tokens;
      if (token) return token;
      throw unavailable(`the SPIFFE agent at ${endpoint} answered without a JWT-SVID; ${REGISTER}`);
    },
  };
}

const REGISTER =
  'register this workload with the SPIFFE server (an entry whose selectors match this process)';

async function fetchJwtSvid(endpoint: string, audience: string): Promise<Buffer> {
  const grpc = await optionalPackage(
    '@grpc/grpc-js',
    'identities of SPIFFE',
    () => import('@grpc/grpc-js'),
  );
  const client = new grpc.Client(endpoint, grpc.credentials.createInsecure(), {
    // A proxy of the environment is not for a socket of this machine.
    'grpc.enable_http_proxy': 0,
  });
  // Without it an agent must refuse: so a browser that was lured to the socket gets nothing.
  const metadata = new grpc.Metadata();
  metadata.set('workload.spiffe.io', 'true');
  try {
    return await new Promise<Buffer>((resolve, reject) => {
      client.makeUnaryRequest(
        METHOD,
        encodeJwtSvidRequest,
        (bytes) => bytes,
        audience,
        metadata,
        { deadline: Date.now() + TIMEOUT_MS },
        (error, answer) => {
          if (error) reject(error);
          else resolve(answer ?? Buffer.alloc(0));
        },
      );
    });
  } catch (error) {
    const { code } = error as ServiceError;
    const isRefused =
      code === grpc.status.PERMISSION_DENIED || code === grpc.status.UNAUTHENTICATED;
    const next = isRefused
      ? REGISTER
      : `see that the agent runs and that this process may open its socket (${SOCKET_VARIABLE})`;
    throw unavailable(
      `the SPIFFE agent at ${endpoint} gave no JWT-SVID (${grpc.status[code] ?? 'no answer'}); ${next}`,
    );
  } finally {
    client.close();
  }
}
