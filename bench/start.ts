import { join, resolve } from 'node:path';

import { ResourceProviderClient } from '@pulumi/pulumi/proto/provider_grpc_pb';
import { Empty } from 'google-protobuf/google/protobuf/empty_pb';

import { startPlugin } from '../dev/engine/process/plugin';
import { grpc } from '../src/pulumi/plugin/protocol/pulumi-grpc';
import { median } from './ratio';

const OURS = { pkg: 'signed-image', folder: resolve(__dirname, '../plugin') };
const EMPTY = { pkg: 'empty', folder: join(__dirname, 'empty-provider') };

/** From the start of the process to its first response, in milliseconds: medians of the same run. */
export interface Starts {
  readonly plugin: number;
  readonly empty: number;
}

/** Starts both alternately, so that other load on the machine affects both. */
export async function measureStarts(folder: string, times: number): Promise<Starts> {
  const plugin: number[] = [];
  const empty: number[] = [];
  // The first start of each also reads its files from the disk, which is not to be measured.
  await Promise.all([OURS, EMPTY].map((each) => firstAnswer(each, folder)));
  for (let round = 0; round < times; round += 1) {
    plugin.push(await firstAnswer(OURS, folder));
    empty.push(await firstAnswer(EMPTY, folder));
  }
  return { plugin: median(plugin), empty: median(empty) };
}

async function firstAnswer(provider: typeof OURS, cwd: string): Promise<number> {
  const { PATH, HOME } = process.env;
  const began = performance.now();
  const plugin = await startPlugin({
    ...provider,
    // Nothing listens on this address or has to: nothing is logged before the first response.
    engine: '127.0.0.1:9',
    cwd,
    env: { PATH, HOME },
    onLine: () => undefined,
  });
  const client = new ResourceProviderClient(plugin.address, grpc.credentials.createInsecure());
  try {
    await new Promise<void>((settle, reject) => {
      client.getPluginInfo(new Empty(), (error: Error | null) =>
        error ? reject(error) : settle(),
      );
    });
    return performance.now() - began;
  } finally {
    client.close();
    await plugin.child.stop();
  }
}
