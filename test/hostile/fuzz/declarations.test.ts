import fc from 'fast-check';

import { baseImages, fetchedImages, lex, parseInstructions } from '../../../src/build/dockerfile';
import { WordError } from '../../../src/build/dockerfile/lexer';
import { IgnoreFileError, IgnoreRules, readRules } from '../../../src/build/ignore';
import { InputReader } from '../../../src/pulumi/plugin/inputs/input-reader';
import {
  decode,
  decodeProperties,
  encode,
  equalValues,
  hasSecret,
  hasUnknown,
  type Properties,
  reveal,
} from '../../../src/pulumi/plugin/protocol/wire-value';
import {
  openWorkbench,
  type ResourceName,
  type Workbench,
} from '../../pulumi/plugin/support/workbench';
import { expectRobust, mutated, nastyJson, nastyText, RUNS } from './support/robust';

const SIGNATURE = '4dabf18193072939515e22adb298388d';
const signed = fc.record({
  [SIGNATURE]: fc.constantFrom(
    '1b47061264138c4ac30d75fd1eb44270',
    'c44067f5952c0a294b673a41bacd8c17',
    '5cf8f73096256a8f31e491e813e4eb8e',
    'd0e6a833031e9bbcd3f4e8bde6ca49a4',
    'x',
  ),
  value: nastyJson,
});
const wire = fc.oneof(nastyJson, signed, fc.dictionary(nastyText, fc.oneof(nastyJson, signed)));

test('values as the engine sends them', async () => {
  await expectRobust(wire, (value) => {
    const decoded = decode(value);
    hasSecret(decoded);
    hasUnknown(decoded);
    expect(equalValues(decoded, decode(structuredClone(value)))).toBe(true);
    encode(decoded);
    if (!hasUnknown(decoded)) reveal(decoded);
  });
});

test('plain values come back as they went', async () => {
  const plain = fc.jsonValue({ maxDepth: 4 });
  await expectRobust(plain, (value) => {
    fc.pre(!JSON.stringify(value).includes(SIGNATURE));
    fc.pre(JSON.stringify(value) === JSON.stringify(encode(decode(value))));
    reveal(decode(value));
  });
});

test('declared properties', async () => {
  await expectRobust(fc.dictionary(nastyText, wire), (properties) => {
    const reader = new InputReader(decodeProperties(properties) as Properties);
    for (const name of [...Object.keys(properties), 'key', '__proto__', 'constructor']) {
      const member = reader.at(name);
      member.string();
      member.boolean();
      member.number();
      member.strings();
      member.record();
      member.json();
      member.at('__proto__').string();
    }
    void reader.problems;
  });
});

test('Dockerfiles', async () => {
  const piece = fc.constantFrom(
    ...[
      'FROM',
      'ARG',
      'COPY',
      'RUN',
      ' ',
      '\n',
      '\\',
      '\\\n',
      '$',
      '${',
      '}',
      ':-',
      ':+',
      '"',
      "'",
    ],
    ...[
      '<<EOF',
      'EOF',
      '--from=',
      '--mount=type=bind,from=',
      'a',
      'AS',
      '#',
      '# escape=`',
      '\t',
      '=',
    ],
  );
  const text = fc.array(piece, { maxLength: 300 }).map((pieces) => pieces.join(''));
  await expectRobust(fc.oneof(nastyText, text), (dockerfile) => {
    parseInstructions(dockerfile);
    baseImages(dockerfile, { args: { a: 'b', __proto__: 'x' } as Record<string, string> });
    baseImages(dockerfile, { target: 'a', platforms: ['linux/arm64', 'x'] });
    fetchedImages(dockerfile);
    try {
      lex(dockerfile, () => 'value');
    } catch (error) {
      if (!(error instanceof WordError)) throw error;
    }
  });
});

test('Dockerfiles that are built to be slow', () => {
  const many = 20_000;
  for (const text of [
    `FROM a\n${'\\\n'.repeat(many)}`,
    `FROM ${' '.repeat(many)}x${' '.repeat(many)}`,
    `RUN ${'--mount='.repeat(many)}`,
    `RUN --mount=${',from='.repeat(many)}`,
    `FROM a\nRUN ${'<<A '.repeat(500)}\n${'x\n'.repeat(500)}`,
    `ARG ${'a=1 '.repeat(many)}\nFROM a`,
    `FROM ${'${A:-'.repeat(2000)}`,
    `FROM ${'${A:-'.repeat(2000)}x${'}'.repeat(2000)}`,
    `#${' '.repeat(many)}=`,
    `# ${'a'.repeat(many)}`,
  ]) {
    const begun = Date.now();
    baseImages(text);
    fetchedImages(text);
    expect(Date.now() - begun).toBeLessThan(10_000);
  }
});

test('ignore files', async () => {
  const piece = fc.constantFrom(
    ...['*', '**', '?', '[', ']', '!', '/', '\\', 'a', '#', '\n', '.', '..', '[a-', '[^', '{', '('],
  );
  const text = fc.array(piece, { maxLength: 40 }).map((pieces) => pieces.join(''));
  await expectRobust(fc.oneof(nastyText, text), (rules) => {
    try {
      const parsed = new IgnoreRules(readRules(Buffer.from(rules)));
      for (const path of ['a', 'a/b/c', 'x.y']) parsed.match(path);
    } catch (error) {
      // The caller that reads the file adds its name to these.
      if (!(error instanceof IgnoreFileError) || error.message.length > 1000) throw error;
    }
  });
});

test('ignore files that are built to be slow', () => {
  const path = 'a'.repeat(1000);
  for (const line of [
    `${'*a'.repeat(8000)}b`,
    `${'**/'.repeat(8000)}b`,
    `${'[a-z]'.repeat(10_000)}`,
    `${'a{1000}'.repeat(100)}b*`,
    `${'a|'.repeat(8000)}*`,
    `[${'a'.repeat(20_000)}]*`,
    `${'*?'.repeat(500)}[b]`,
  ]) {
    const begun = Date.now();
    try {
      new IgnoreRules(readRules(Buffer.from(line))).match(path);
    } catch (error) {
      if (!(error instanceof IgnoreFileError)) throw error;
    }
    expect(Date.now() - begun).toBeLessThan(30_000);
  }
});

/** As received from the engine: without holes in lists. */
function onTheWire(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value) ?? 'null');
}

describe('what is declared for a resource', () => {
  let bench: Workbench;
  beforeAll(async () => {
    bench = await openWorkbench();
  });
  afterAll(() => bench.close());

  const declaration = {
    build: {
      context: 'app',
      dockerfile: 'Dockerfile',
      target: 'x',
      args: { A: '1' },
      secrets: { npm: 'canary-fuzz-build-secret' },
      platforms: ['linux/amd64'],
      labels: { a: 'b' },
      builder: 'buildah',
    },
    key: { ref: 'cosign.pub', password: 'canary-fuzz-password' },
    keyless: { provider: 'env', tokenEnv: 'TOKEN', clientId: 'sigstore', issuer: 'https://i' },
    sigstore: { rekorUrl: 'https://rekor.example.com', trustedRoot: '{}' },
    transparency: 'none',
    annotations: { a: 'b' },
    source: { commit: 'x', allowDirty: true },
    provenance: { disabled: false, builderId: 'https://b', parameters: { a: 1 } },
    format: 'bundle',
    verify: {
      keys: ['x'],
      identities: [{ identity: 'a', issuer: 'b' }],
      annotations: {},
      always: true,
    },
    digest: 'sha256:x',
  };
  const resources = fc.constantFrom<ResourceName[]>(
    'SigningPlan',
    'ImageBuild',
    'ImageSignature',
    'VerifiedImage',
  );

  test('is accepted, or reported as problems', async () => {
    await expectRobust(
      fc.tuple(
        resources,
        mutated({
          ...declaration,
          image: `${bench.registry.host}/team/app:v1`,
          registry: { insecure: true },
        }).map(onTheWire),
      ),
      async ([name, declared]) => {
        if (typeof declared !== 'object' || declared === null || Array.isArray(declared)) return;
        const problems = await bench.problems(name, declared);
        // A secret that was moved to another input is not protected, but these were not moved.
        expect(problems.join('\n')).not.toContain('canary-fuzz-password');
      },
      RUNS / 3,
    );
  });
});
