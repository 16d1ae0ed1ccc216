import type { ILoaderServer } from '@pulumi/pulumi/proto/codegen/loader_grpc_pb';
import { GetSchemaResponse } from '@pulumi/pulumi/proto/codegen/loader_pb';
import type { Run } from '../deploy/run';
import { unary } from './status';

/** codegen.Loader: the schemas of packages, by which YAML programs are checked. */
export const loaderService = (run: Run): ILoaderServer => ({
  getSchema: unary(async (request) => {
    const provider = await run.providers.get(request.getPackage());
    return new GetSchemaResponse().setSchema(Buffer.from(await provider.schema()));
  }),
});
