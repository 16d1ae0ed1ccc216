import { startRegistry } from '../registry';
import { storeImage } from './image';
import { createSignatureFinder } from '../../src/verify';
import { isSignedBy, newMaterial, sign, targetAt } from './signer';

export interface ForeignLoad {
  readonly foreign: number;
  /** Signatures after ours was added; a second run must reuse it. */
  readonly expected: number;
  readonly found: number;
  readonly verified: boolean;
}

/** An image with very many signatures of another signer: ours is added once, reused, and verified. */
export async function loadForeign(foreign: number): Promise<ForeignLoad> {
  const registry = await startRegistry();
  try {
    const digest = storeImage(registry, 'load/crowded');
    const target = targetAt(`${registry.host}/load/crowded`, digest);
    const thirdParty = newMaterial();
    for (let made = 0; made < foreign; made += 20) {
      const batch = Array.from(
        { length: Math.min(20, foreign - made) },
        (_, index) => made + index,
      );
      await Promise.all(
        batch.map((number) => sign(target, thirdParty, 'bundle', { number: String(number) })),
      );
    }
    const ours = newMaterial();
    const finder = createSignatureFinder({ transparency: 'none', trustedRoot: undefined });
    await sign(target, ours, 'bundle', {}, finder);
    await sign(target, ours, 'bundle', {}, finder);
    const found = (await target.client.referrers(target.repository, digest)).length;
    const verified = await isSignedBy(target, ours.publicKey, 'bundle');
    await target.client.close();
    return { foreign, expected: foreign + 1, found, verified };
  } finally {
    await registry.close();
  }
}
