import { execFile } from 'node:child_process';
import { createPublicKey } from 'node:crypto';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { publicKeyOf } from '../../src/sign';
import { startRegistry } from '../registry';
import { storeImage } from './image';
import { isSignedBy, targetAt } from './signer';

const run = promisify(execFile);

export interface WritersLoad {
  readonly etags: boolean;
  readonly expected: number;
  readonly found: number;
}

/** Writers in several processes add to one legacy tag at the same time; each has its own key. */
export async function loadWriters(
  processes: number,
  each: number,
  etags: boolean,
): Promise<WritersLoad> {
  const registry = await startRegistry({ settings: { etags } });
  try {
    const digest = storeImage(registry, 'load/shared');
    const reference = `${registry.host}/load/shared`;
    const script = ['-r', 'ts-node/register/transpile-only', join(__dirname, 'writer.ts')];
    const outputs = await Promise.all(
      Array.from({ length: processes }, () =>
        run(process.execPath, [...script, reference, digest, String(each)]),
      ),
    );
    const keys = outputs.flatMap(({ stdout }) => JSON.parse(stdout) as string[]);
    const target = targetAt(reference, digest);
    let found = 0;
    for (const pem of keys) {
      if (await isSignedBy(target, publicKeyOf(createPublicKey(pem)), 'legacy')) found += 1;
    }
    await target.client.close();
    return { etags, expected: processes * each, found };
  } finally {
    await registry.close();
  }
}
