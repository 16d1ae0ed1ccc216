import type { MethodDefinition } from '@grpc/grpc-js';
import { protos } from '@google-cloud/kms';

/** https://cloud.google.com/kms/docs/reference/rpc/google.cloud.kms.v1#keymanagementservice */
export const SERVICE = 'google.cloud.kms.v1.KeyManagementService';

/** The interface of message code that protobufjs generated. */
interface Codec {
  encode(message: object): { finish(): Uint8Array };
  decode(bytes: Uint8Array): object;
  fromObject(plain: object): object;
}

const { v1 } = protos.google.cloud.kms;

/** Request and response of each method of the double; the messages are the SDK's own. */
const METHODS: Readonly<Record<string, readonly [Codec, Codec]>> = {
  GetKeyRing: [v1.GetKeyRingRequest, v1.KeyRing],
  CreateKeyRing: [v1.CreateKeyRingRequest, v1.KeyRing],
  GetCryptoKey: [v1.GetCryptoKeyRequest, v1.CryptoKey],
  CreateCryptoKey: [v1.CreateCryptoKeyRequest, v1.CryptoKey],
  GetCryptoKeyVersion: [v1.GetCryptoKeyVersionRequest, v1.CryptoKeyVersion],
  ListCryptoKeyVersions: [v1.ListCryptoKeyVersionsRequest, v1.ListCryptoKeyVersionsResponse],
  GetPublicKey: [v1.GetPublicKeyRequest, v1.PublicKey],
  AsymmetricSign: [v1.AsymmetricSignRequest, v1.AsymmetricSignResponse],
};

function definition(name: string, [request, answer]: readonly [Codec, Codec]) {
  const encode = (codec: Codec) => (message: object) =>
    Buffer.from(codec.encode(codec.fromObject(message)).finish());
  return {
    path: `/${SERVICE}/${name}`,
    requestStream: false,
    responseStream: false,
    requestSerialize: encode(request),
    requestDeserialize: (bytes: Buffer) => request.decode(bytes),
    responseSerialize: encode(answer),
    responseDeserialize: (bytes: Buffer) => answer.decode(bytes),
  } satisfies MethodDefinition<object, object>;
}

export const SERVICE_DEFINITION = Object.fromEntries(
  Object.entries(METHODS).map(([name, codecs]) => [name, definition(name, codecs)]),
);
