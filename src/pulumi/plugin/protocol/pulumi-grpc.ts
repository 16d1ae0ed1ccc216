import { createRequire } from 'node:module';

import type * as grpcJs from '@grpc/grpc-js';
import type * as any from 'google-protobuf/google/protobuf/any_pb';
import type * as struct from 'google-protobuf/google/protobuf/struct_pb';

// The SDK's own copies, wherever npm installed them: a message or a server of another copy would not
// be an instance of the classes that the SDK's stubs check for.
const fromSdk = createRequire(require.resolve('@pulumi/pulumi/package.json'));

export const grpc = fromSdk('@grpc/grpc-js') as typeof grpcJs;
export const { Struct } = fromSdk('google-protobuf/google/protobuf/struct_pb.js') as typeof struct;
export const { Any } = fromSdk('google-protobuf/google/protobuf/any_pb.js') as typeof any;
export const { Empty } = fromSdk('google-protobuf/google/protobuf/empty_pb.js') as {
  readonly Empty: new () => unknown;
};
