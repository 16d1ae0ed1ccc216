import type { RegistrySettings } from '../../dev/registry';
import { type Descriptor, fallbackTag, formatRepository, type Repository } from '../../src/oci';
import { freshRepository, type Lab, openLab, pushImage } from '../verify/support/lab';
import { legacyTagOf, manifestAt } from '../verify/support/stored';
import { write } from './support/writer-process';
import { Writers } from './support/writers';

const PROCESSES = 3;
const WRITERS_EACH = 2;
const ALL = (PROCESSES + 1) * WRITERS_EACH;

// Processes have to start first, and on a busy machine that takes its time.
jest.setTimeout(180_000);

let lab: Lab;
let writers: Writers;
let repository: Repository;
let image: Descriptor;

beforeAll(async () => {
  [writers, lab] = await Promise.all([Writers.start(PROCESSES), openLab()]);
});
afterAll(async () => {
  await writers.close();
  await lab.close();
});

/** What a tag lists: the digests of its layers or entries, each once. */
function listed(tag: string): number {
  const { layers, manifests } = manifestAt(lab, repository, tag) as unknown as Record<
    string,
    readonly { readonly digest: string; readonly annotations?: object }[] | undefined
  >;
  const entries = layers ?? manifests ?? [];
  return new Set(entries.map(({ digest, annotations }) => digest + JSON.stringify(annotations)))
    .size;
}

const REGISTRIES: Readonly<Record<string, Partial<RegistrySettings>>> = {
  'honors preconditions': {},
  'returns ETags and does not honor preconditions': { conditions: false },
  'gives no ETags': { etags: false },
  'shows late what was written': { lateVisibility: 2 },
  'shows late what was written, and gives no ETags': { etags: false, lateVisibility: 2 },
};

test.each(Object.keys(REGISTRIES))(
  'writers in four processes lose nothing of .sig, .att and the list of referrers, where the registry %s',
  async (which) => {
    Object.assign(lab.registry.settings, {
      referrersApi: false,
      etags: true,
      conditions: true,
      lateVisibility: 0,
    });
    repository = freshRepository(lab);
    image = await pushImage(lab, repository);
    Object.assign(lab.registry.settings, REGISTRIES[which]);
    const order = { repository: formatRepository(repository), image, writers: WRITERS_EACH };
    const [theirs, ours] = await Promise.all([writers.write(order), write(order)]);
    expect(theirs.filter((answer) => 'error' in answer)).toEqual([]);
    const keys = theirs.flatMap((answer) => ('keys' in answer ? answer.keys : []));
    expect(new Set([...keys, ...ours]).size).toBe(ALL);
    expect(listed(legacyTagOf(image.digest, 'sig'))).toBe(ALL);
    expect(listed(legacyTagOf(image.digest, 'att'))).toBe(ALL);
    // A signature and a provenance each.
    expect(listed(fallbackTag(image.digest))).toBe(2 * ALL);
  },
);
