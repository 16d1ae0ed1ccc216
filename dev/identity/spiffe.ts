import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import {
  type sendUnaryData,
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type ServiceError,
  status,
} from '@grpc/grpc-js';
import { BinaryReader, BinaryWriter } from 'google-protobuf';

import { type IdentityDouble, stillDouble, type TokenMint } from './double';

const SUBJECT = 'spiffe://example.test/ns/ci/sa/signer';

/** An agent's response to a workload. */
export type SpiffeAnswer = 'identity' | 'unregistered' | 'nothing';

export interface SpiffeDouble extends IdentityDouble {
  /** May be changed while it runs. Default: `identity`. */
  answer: SpiffeAnswer;
  /** The path of its socket; the environment has it as a URI. */
  readonly socket: string;
  /** Requested audiences. */
  readonly audiences: readonly string[];
}

/** JWTSVIDRequest: https://github.com/spiffe/spiffe/blob/main/standards/workloadapi.proto */
function audiencesIn(bytes: Buffer): string[] {
  const reader = new BinaryReader(new Uint8Array(bytes));
  const audiences: string[] = [];
  while (reader.nextField()) {
    if (reader.getFieldNumber() === 1) audiences.push(reader.readString());
    else reader.skipField();
  }
  return audiences;
}

/** JWTSVIDResponse with one JWTSVID: its id, the token and a hint. */
function responseWith(tokens: readonly string[]): Buffer {
  const writer = new BinaryWriter();
  for (const token of tokens) {
    const svid = new BinaryWriter();
    svid.writeString(1, SUBJECT);
    svid.writeString(2, token);
    svid.writeString(3, 'internal');
    writer.writeBytes(1, svid.getResultBuffer());
  }
  return Buffer.from(writer.getResultBuffer());
}

/** A SPIFFE agent's Workload API on a unix socket. */
export async function spiffeAgent(mint: TokenMint): Promise<SpiffeDouble> {
  const folder = await mkdtemp(join(tmpdir(), 'signed-image-spiffe-'));
  const socket = join(folder, 'api.sock');
  const issuer = `${mint.url}/spire`;
  const requested: string[] = [];
  const double: SpiffeDouble = {
    ...stillDouble({ SPIFFE_ENDPOINT_SOCKET: `unix://${socket}` }, { identity: SUBJECT, issuer }),
    answer: 'identity',
    socket,
    audiences: requested,
    stop: async () => {
      server.forceShutdown();
      await rm(folder, { recursive: true, force: true });
    },
  };
  const server = new Server();
  server.addService(
    {
      FetchJWTSVID: {
        path: '/SpiffeWorkloadAPI/FetchJWTSVID',
        requestStream: false,
        responseStream: false,
        requestSerialize: (bytes: Buffer) => bytes,
        requestDeserialize: (bytes: Buffer) => bytes,
        responseSerialize: (bytes: Buffer) => bytes,
        responseDeserialize: (bytes: Buffer) => bytes,
      },
    },
    {
      FetchJWTSVID: (
        { request, metadata }: ServerUnaryCall<Buffer, Buffer>,
        reply: sendUnaryData<Buffer>,
      ): void => {
        const refuse = (code: status, details: string): void =>
          reply({ code, details } as ServiceError);
        if (metadata.get('workload.spiffe.io')[0] !== 'true') {
          refuse(status.INVALID_ARGUMENT, 'security header missing from request');
          return;
        }
        if (double.answer === 'unregistered') {
          refuse(status.PERMISSION_DENIED, 'no identity issued');
          return;
        }
        const audience = audiencesIn(request);
        requested.push(...audience);
        const claims = { iss: issuer, aud: audience };
        const token = mint.token({ subject: SUBJECT, claims, expiresIn: 300 });
        reply(null, responseWith(double.answer === 'nothing' ? [] : [token]));
      },
    },
  );
  await new Promise<void>((resolve, reject) => {
    server.bindAsync(`unix:${socket}`, ServerCredentials.createInsecure(), (error) =>
      error ? reject(error) : resolve(),
    );
  });
  return double;
}
