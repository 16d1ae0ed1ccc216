import * as rpc from '@pulumi/pulumi/proto/provider_pb';
import { Struct } from 'google-protobuf/google/protobuf/struct_pb';

import { configuredResources } from '../../../../src/pulumi/plugin/configuration/configured-resources';
import { createPluginEnvironment } from '../../../../src/pulumi/plugin/environment';
import { createCrudService } from '../../../../src/pulumi/plugin/protocol/crud-service';
import { createEngineLog } from '../../../../src/pulumi/plugin/protocol/engine-log';
import {
  decodeProperties,
  encodeProperties,
  type Properties,
  Secret,
  UNKNOWN,
} from '../../../../src/pulumi/plugin/protocol/wire-value';

/** What the engine stores as the inputs of the provider. */
async function stored(inputs: Properties): Promise<Properties> {
  const { provider, functions } = configuredResources([], () =>
    createPluginEnvironment({}, __dirname),
  );
  const service = createCrudService([], provider, functions, createEngineLog(undefined));
  const news = encodeProperties(inputs) as Parameters<typeof Struct.fromJavaScript>[0];
  const request = new rpc.CheckRequest().setNews(Struct.fromJavaScript(news));
  const response = await new Promise<rpc.CheckResponse>((resolve, reject) => {
    const call = { request } as Parameters<typeof service.checkConfig>[0];
    service.checkConfig(call, (error, value) =>
      value ? resolve(value) : reject(error as unknown as Error),
    );
  });
  expect(response.getFailuresList()).toEqual([]);
  return decodeProperties(response.getInputs()?.toJavaScript() as Record<string, unknown>);
}

const REGISTRY = JSON.stringify({ host: 'registry.example.test', username: 'ci', password: 'p' });

it('credentials of a provider are secret, whether or not they are marked', async () => {
  const others = { format: 'legacy', annotations: '{"team":"web"}', version: '0.1.0' };
  const marked = { ...others, registry: new Secret(REGISTRY) };
  expect(await stored({ ...others, registry: REGISTRY })).toEqual(marked);
  expect(await stored(marked)).toEqual(marked);
});

it('other inputs of a provider are stored as they are', async () => {
  const inputs = { version: '0.1.0', sigstore: '{"rekorUrl":"https://rekor.example.test"}' };
  expect(await stored(inputs)).toEqual(inputs);
  expect(await stored({ version: '0.1.0' })).toEqual({ version: '0.1.0' });
  expect(await stored({ registry: UNKNOWN })).toEqual({ registry: UNKNOWN });
});
