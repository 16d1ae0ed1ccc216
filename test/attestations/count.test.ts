import { generateKeyPairSync } from 'node:crypto';

import { storeImage } from '../../dev/load/image';
import { type RunningRegistry, startRegistry } from '../../dev/registry';
import { attestImage, inspectSignatures, type RequirementArgs } from '../../src/core';
import { processHost } from '../../src/host/host';
import { recordCount } from './support/table';

const APPROVAL = 'https://example.com/approval/v1';
const NAMES = ['ANN', 'BEN', 'CHO'] as const;
type Name = (typeof NAMES)[number];

function pemPair() {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    publicKey: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  };
}

const pairs = Object.fromEntries(NAMES.map((name) => [name, pemPair()])) as Readonly<
  Record<Name, ReturnType<typeof pemPair>>
>;
const env = Object.fromEntries(NAMES.map((name) => [name, pairs[name].key]));
const host = { ...processHost(), env };
const keys = NAMES.map((name) => pairs[name].publicKey);

let registry: RunningRegistry;
let images = 0;
beforeAll(async () => {
  registry = await startRegistry();
});
afterAll(() => registry.close());

type Way = 'once' | 'twice' | 'in both formats';
const WAYS: Readonly<Record<Way, readonly ('bundle' | 'legacy')[]>> = {
  once: ['bundle'],
  twice: ['bundle', 'bundle'],
  'in both formats': ['bundle', 'legacy'],
};

/** An image that each of these approved. */
async function approved(present: readonly Name[], way: Way): Promise<string> {
  images += 1;
  const path = `app-${images}`;
  const image = `${registry.host}/${path}@${storeImage(registry, path)}`;
  for (const name of present) {
    for (const [round, format] of WAYS[way].entries()) {
      const predicate = { approved: true, round };
      const key = { ref: `env://${name}` };
      await attestImage({ image, key, predicateType: APPROVAL, predicate, format }, { host });
    }
  }
  return image;
}

const inspect = (image: string, require: readonly RequirementArgs[]) =>
  inspectSignatures({ image, require }, { host });

/** All subsets of the three. */
const SETS: readonly (readonly Name[])[] = Array.from({ length: 2 ** NAMES.length }, (_, bits) =>
  NAMES.filter((__, index) => (bits & (1 << index)) !== 0),
);
const CASES = [1, 2, 3].flatMap((count) =>
  (Object.keys(WAYS) as Way[]).flatMap((way) =>
    SETS.map((present) => [count, present.join('+') || 'nobody', way, present] as const),
  ),
);

describe('k of three signers', () => {
  it.each(CASES)('%d required, signed by %s, %s', async (count, text, way, present) => {
    const image = await approved(present, way);
    const approval = { name: 'approval', predicateType: APPROVAL, keys, count };
    const { verified, unmet, report } = await inspect(image, [approval]);
    const isEnough = present.length >= count;
    const evidence = report.requirements?.[0]?.evidence ?? [];
    const line = { count, present: `${text}, ${way}` };
    const result = isEnough ? 'accepted' : 'refused';
    recordCount({ ...line, result: verified === isEnough ? result : 'wrong' });
    expect(verified).toBe(isEnough);
    // Each key is counted once, however often it signed.
    expect(evidence).toHaveLength(present.length);
    expect(unmet).toEqual(
      isEnough
        ? []
        : [
            present.length === 0
              ? `missing: approval (attestation ${APPROVAL}) is missing: no attestation of type ${APPROVAL} was found [VERIFY_ATTESTATION_MISSING]`
              : expect.stringMatching(
                  new RegExp(
                    `^missing: approval .* is not met: ${present.length} of ${count} required signers: key sha256:.*\\[VERIFY_THRESHOLD_UNMET\\]$`,
                  ),
                ),
          ],
    );
  });

  it.each(SETS.map((present) => [present.join('+') || 'nobody', present] as const))(
    'a role for each: every missing one is named, signed by %s',
    async (_, present) => {
      const image = await approved(present, 'once');
      const roles = NAMES.map((name) => ({
        name: name.toLowerCase(),
        predicateType: APPROVAL,
        keys: [pairs[name].publicKey],
      }));
      const { verified, unmet } = await inspect(image, roles);
      const absent = NAMES.filter((name) => !present.includes(name));
      expect(verified).toBe(absent.length === 0);
      expect(unmet.map((line) => line.split(' ')[1])).toEqual(
        absent.map((name) => name.toLowerCase()),
      );
    },
  );
});
