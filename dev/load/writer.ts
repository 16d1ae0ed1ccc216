import { parseDigest } from '../../src/oci';
import { newMaterial, sign, targetAt } from './signer';

/** One of the processes that write to the same legacy tag: `writer.ts <reference> <digest> <writers>`. */
async function main([
  reference = '',
  digest = '',
  writers = '1',
]: readonly string[]): Promise<void> {
  const target = targetAt(reference, parseDigest(digest));
  const materials = Array.from({ length: Number(writers) }, newMaterial);
  await Promise.all(materials.map((material) => sign(target, material, 'legacy')));
  await target.client.close();
  // The parent checks each of these signatures.
  console.log(JSON.stringify(materials.map(({ publicKey }) => publicKey.pem)));
}

void main(process.argv.slice(2));
