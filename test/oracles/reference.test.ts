import fc from 'fast-check';

import { parseReference } from '../../src/oci';
import { type DockerReference, dockerReferences } from './support/moby';
import { inputCount, recordOracle } from './support/tally';

const HEX = 'a'.repeat(64);
const one = (...values: readonly string[]): fc.Arbitrary<string> => fc.constantFrom(...values);

const host = one(
  ...['docker.io', 'index.docker.io', 'localhost', 'localhost:5000', 'ghcr.io', 'quay.example'],
  ...[
    'registry.example.com:5000',
    '127.0.0.1:5000',
    '10.0.0.1',
    '[::1]:5000',
    '[2001:db8::1]',
    'app:80',
  ],
  ...['[::ffff:1.2.3.4]:5000', '[fe80::1%eth0]', 'a..b', '-a.example', 'a-.example', 'a_b.example'],
  ...[
    'x.example:',
    'x.example:0',
    'x.example:65535',
    'é.example',
    'xn--a.example',
    'x.example:5a',
    '.',
  ],
);
const part = fc.oneof(
  {
    weight: 8,
    arbitrary: one(
      'app',
      'team',
      'a',
      '0',
      'a.b',
      'a_b',
      'a__b',
      'a---b',
      'library',
      'v2',
      'x'.repeat(100),
    ),
  },
  one('a___b', 'a..b', '.a', 'a.', '-a', 'a-', '_', 'A', 'Team', '', 'é', 'a b', 'a\n', '%61', HEX),
  fc.string({ unit: one('a', '0', '.', '_', '-'), minLength: 1, maxLength: 6 }),
);
const tag = one(
  ...['', '', '', ':v1', ':v2', ':0.1'],
  ...['', ':latest', ':v1.0', ':_x', ':A-b.C_d', `:${'t'.repeat(128)}`, `:${'t'.repeat(129)}`],
  ...[':', ':-x', ':.x', ':a/b', ':a:b', ':1', ':a b', ':a\n', ':é'],
);
const digest = one(
  ...['', '', '', '', '', ''],
  ...['', '', '', `@sha256:${HEX}`, `@sha256:${HEX.slice(1)}`, `@sha256:${HEX}a`, '@', '@sha256:'],
  ...[
    `@SHA256:${HEX}`,
    `@sha256:${'A'.repeat(64)}`,
    `@sha256:${HEX}\n`,
    `@sha256:${HEX}@sha256:${HEX}`,
  ],
);
const written = fc
  .tuple(
    fc.oneof({ weight: 2, arbitrary: host }, { weight: 1, arbitrary: part }),
    fc.array(part, { maxLength: 3 }),
    tag,
    digest,
  )
  .map(([first, parts, tagText, digestText]) => [first, ...parts].join('/') + tagText + digestText);
const loose = fc.string({
  unit: one('a', 'b', '0', '/', ':', '.', '-', '_', '@', '[', ']'),
  maxLength: 14,
});

function ours(text: string): DockerReference {
  try {
    const { repository, tag: ourTag = '', digest: ourDigest = '' } = parseReference(text);
    const domain = repository.registry === 'index.docker.io' ? 'docker.io' : repository.registry;
    return { domain, path: repository.path, tag: ourTag, digest: ourDigest };
  } catch (error) {
    return { domain: '', path: '', tag: '', digest: '', error: String(error) };
  }
}

/** What docker takes, and we refuse on purpose: no request could be made of it, or another one. */
function isRefusedOnPurpose(text: string, { domain, path }: DockerReference): boolean {
  const port = Number(/:(\d+)$/.exec(domain)?.[1] ?? 1);
  return (
    port > 65535 ||
    // A first part in capitals is a host to docker; to us it is a mistake in a path.
    (domain !== domain.toLowerCase() && !/[.:]|^localhost$/i.test(domain)) ||
    // Hosts that URLs spell in another way (`1.2`, `0x7f.1`), or cannot have.
    !URL.canParse(`https://${domain}/`) ||
    new URL(`https://${domain}/`).hostname !== domain.replace(/:\d*$/, '').toLowerCase() ||
    // The name with its host is what has 255 characters.
    domain.length + path.length + 1 > 255 ||
    text.includes('@sha512:')
  );
}

const isSame = (a: DockerReference, b: DockerReference): boolean =>
  a.domain === b.domain.toLowerCase() &&
  a.path === b.path &&
  a.tag === b.tag &&
  a.digest === b.digest;

test('references are read as docker reads them', async () => {
  const count = inputCount(6000, 1500);
  const texts = [
    ...fc.sample(written, { numRuns: count, seed: 12 }),
    ...fc.sample(loose, { numRuns: count / 3, seed: 12 }),
  ];
  const theirs = await dockerReferences(texts);
  const different = texts.flatMap((text, at): readonly unknown[] => {
    const [us, docker] = [ours(text), theirs[at]];
    if (!docker) return [text];
    if (us.error !== undefined)
      return docker.error !== undefined || isRefusedOnPurpose(text, docker)
        ? []
        : [{ text, us, docker }];
    return docker.error === undefined && isSame(us, docker) ? [] : [{ text, us, docker }];
  });
  recordOracle('image references', texts.length, different.length);
  expect(different.slice(0, 20)).toEqual([]);
  // Most are refused, and enough are not.
  expect(theirs.filter(({ error }) => error === undefined).length).toBeGreaterThan(count / 10);
});
