import { generateKeyPairSync } from 'node:crypto';

import { load } from 'js-yaml';

import {
  kyvernoClusterPolicy,
  kyvernoPolicy,
  type SignerPolicyArgs,
  yamlOf,
} from '../../../src/enforce/admission';
import { policyControllerGlobs } from '../../../src/enforce/admission/image-pattern';
import { signerPolicy } from '../../../src/enforce/admission/signer-policy';
import { expressionOf } from '../../../src/enforce/admission/signer-pattern';
import { ARGS, IDENTITY, KEY, KEYLESS, problemsOf } from './support/policies';

const problems = (change: Partial<SignerPolicyArgs>, base: SignerPolicyArgs = ARGS) =>
  problemsOf(() => signerPolicy({ ...base, ...change }));

describe('the configuration of signers', () => {
  it('is refused with all that is wrong at once', () => {
    const wrong = {
      name: 'Acme',
      images: ['*', 'nginx', 'registry.example.com/app:v1'],
      keys: ['nonsense'],
      format: 'dsse',
      transparency: 'rekor',
      action: 'Refuse',
      namespaces: [],
      trustedRoot: '{}',
      annotations: { '': 'x' },
      provenance: { builderId: ' ' },
    };
    const properties = problemsOf(() => signerPolicy(wrong)).map((text) => text.split(': ')[0]);
    expect(properties.sort()).toEqual(
      [
        ...['name', 'images[0]', 'images[1]', 'images[2]', 'keys[0]', 'format', 'transparency'],
        ...['action', 'namespaces', 'trustedRoot', 'annotations.', 'provenance.builderId'],
      ].sort(),
    );
  });

  it.each([[{}], [{ keys: [] }], [{ identities: [] }], [{ keys: [], identities: [] }]])(
    'is refused without a signer: %j',
    (signers) => {
      const { images, name } = ARGS;
      expect(problems(signers, { images, name })).toEqual([
        expect.stringMatching(
          /^keys: keys or identities are required: without them, the policy would admit everything/,
        ),
      ]);
    },
  );

  it('is refused with an empty list besides one with signers', () => {
    expect(problems({ identities: [] })).toEqual([expect.stringMatching(/^identities: is empty/)]);
    expect(problems({ keys: [] }, KEYLESS)).toEqual([expect.stringMatching(/^keys: is empty/)]);
    expect(problems({ images: [] })).toEqual([expect.stringMatching(/^images: is empty/)]);
  });

  it.each(['*', '**', '*/*', '/', ''])(
    'is refused when it holds for every image: "%s"',
    (image) => {
      expect(problems({ images: [image] })).toEqual([
        expect.stringMatching(/^images\[0\]: .* has no registry/),
      ]);
    },
  );

  it.each([
    ['registry.example.com/app:v1', /must not have a tag or digest/],
    [`registry.example.com/app@sha256:${'1a'.repeat(32)}`, /must not have a tag or digest/],
    ['registry.example.com/*/app', /only once, at its end/],
    ['registry.example.com/**', /only once, at its end/],
    ['team/*', /begin with the registry/],
    ['*.example.com/app', /only once, at its end/],
    ['registry.example.com/Team/*', /malformed/],
    ['registry.example.com//app', /malformed/],
    ['[::1]:5000/app', /IPv6 host/],
  ])('is refused with the malformed pattern %s', (image, why) => {
    expect(problems({ images: [image] })).toEqual([expect.stringMatching(why)]);
  });

  it.each([
    ['identityPattern', '.*'],
    ['identityPattern', '^.+$'],
    ['identityPattern', 'https://.*'],
    ['identityPattern', '.*@.*'],
    ['identityPattern', '(?:spiffe|https)://[^ ]+'],
    ['identityPattern', 'https://github\\.com/.+'],
    ['identityPattern', 'https://git(?:hub|lab)\\.com/[^/]+/.*'],
    ['identityPattern', '.+@gmail\\.com'],
    ['identityPattern', '[^@]+@.+\\.iam\\.gserviceaccount\\.com'],
    ['issuerPattern', 'https?://.+'],
  ])('is refused with %s %s, which matches everybody', (member, pattern) => {
    const exact = { identityPattern: 'issuer', issuerPattern: 'identity' } as const;
    const other = exact[member as keyof typeof exact];
    const identity = { [member]: pattern, [other]: IDENTITY[other] };
    expect(problems({ identities: [identity] }, KEYLESS)).toEqual([
      `identities[0].${member}: matches everyone, or everyone with an account of one service: restrict it to the trusted signers`,
    ]);
  });

  it.each([
    ['identityPattern', 'https://github\\.com/acme.*', /begins with "acme"/],
    ['identityPattern', 'https://gitlab\\.com/acme-team.+', /begins with "acme-team"/],
    ['identityPattern', 'https://git\\.example\\.com.*', /"git\.example\.com\.others/],
    ['identityPattern', '.*acme\\.example', /"others-acme\.example"/],
    ['issuerPattern', 'https://issuer\\.example\\.com.*', /"issuer\.example\.com\.others/],
  ])(
    'is refused with %s %s, which others only need to begin or end like',
    (member, pattern, why) => {
      const exact = { identityPattern: 'issuer', issuerPattern: 'identity' } as const;
      const other = exact[member as keyof typeof exact];
      const identity = { [member]: pattern, [other]: IDENTITY[other] };
      expect(problems({ identities: [identity] }, KEYLESS)).toEqual([expect.stringMatching(why)]);
    },
  );

  it.each([
    'https://github\\.com/acme/.*',
    '^https://github\\.com/acme/app/.+$',
    'https://github\\.com/acme/(?:app|lib)/\\.github/workflows/release\\.yml@refs/tags/v.+',
    'https://git\\.example\\.com/.*',
    '.*@acme\\.example',
    '[^@]+@(?:.+\\.)?acme\\.example',
    'ci@acme\\.example',
  ])('takes the pattern %s', (identityPattern) => {
    const { issuer } = IDENTITY;
    expect(problems({ identities: [{ identityPattern, issuer }] }, KEYLESS)).toEqual([]);
  });

  it('is refused with an identity that is not whole, twofold or unreadable', () => {
    const identities = [
      { identity: 'me@example.com' },
      { issuer: IDENTITY.issuer },
      { ...IDENTITY, issuerPattern: 'https://accounts\\.example\\.com' },
      { ...IDENTITY, identity: ' ' },
      { issuer: IDENTITY.issuer, identityPattern: '(' },
      { issuer: IDENTITY.issuer, identityPattern: '' },
      { issuer: IDENTITY.issuer, identityPattern: 'me(?!x)@example\\.com' },
    ];
    expect(problems({ identities }, KEYLESS)).toEqual([
      expect.stringMatching(/^identities\[0\]\.issuer: is required/),
      expect.stringMatching(/^identities\[1\]\.identity: is required/),
      expect.stringMatching(/^identities\[2\]\.issuerPattern: cannot be combined with `issuer`/),
      expect.stringMatching(/^identities\[3\]\.identity: is empty/),
      expect.stringMatching(/^identities\[4\]\.identityPattern: is not a valid regular expression/),
      expect.stringMatching(/^identities\[5\]\.identityPattern: is empty/),
      expect.stringMatching(/^identities\[6\]\.identityPattern: is not a valid .* Perl syntax/),
    ]);
  });

  it.each([
    [
      'that closes the group of its anchors',
      'https://git.example/acme/a)|(?:x',
      /not a valid regular/,
    ],
    ['that is not closed', 'https://git\\.example/(acme', /not a valid regular/],
    ['with a bracket that is not closed', '[a-z', /not a valid regular/],
    ['with an escape at its end', 'https://git\\.example/a\\', /not a valid regular/],
    [
      'with look-behind',
      '(?<=a)b',
      /not a valid regular expression \(RE2\): invalid named capture/,
    ],
    ['with a back-reference', '(a)\\1', /invalid escape sequence: `\\1`/],
    ['with quoting that is not closed', '\\Qa.b', /missing closing \)/],
    ['with a code point of JavaScript', 'a\\u0041', /invalid escape sequence/],
    ['with more repetitions than Go takes', 'a{1001}', /invalid repeat count/],
  ])('is refused with an expression %s', (_, identityPattern, why) => {
    const identities = [{ identityPattern, issuer: IDENTITY.issuer }];
    expect(problems({ identities }, KEYLESS)).toEqual([expect.stringMatching(why)]);
  });

  it.each([
    'https://github\\.com/acme/[\\w.-]+/\\.github/workflows/release\\.yml@refs/tags/v\\d+(?:\\.\\d+){2}',
    '[a-z0-9._%+-]+@acme\\.example',
    'a|b',
    '^https://git\\.example/acme/\\S+$',
    'spiffe:\\/\\/acme\\.example/ns/(?:prod|dev)/sa/[^/]+',
    // What Go reads, and JavaScript does not, or as something else.
    '(?<name>ci)@acme\\.example',
    '(?i:CI)@acme\\.example',
    'ci@acme\\.example\\z',
    '\\Qci@acme.example\\E',
    '[[:alpha:]]+@acme\\.example',
    '\\p{L}+@acme\\.example',
  ])('takes %s, between anchors', (identityPattern) => {
    const { identities } = signerPolicy({
      ...KEYLESS,
      identities: [{ identityPattern, issuer: IDENTITY.issuer }],
    });
    expect(identities[0]!.subject.pattern).toBe(`^(?:${identityPattern})$`);
  });

  it('is refused if an identity would be trusted without a log or timestamp', () => {
    expect(problems({ transparency: 'none' }, KEYLESS)).toEqual([
      expect.stringMatching(/^transparency: cannot be "none" with identities/),
    ]);
  });

  it('takes public keys only, of the kinds that every verifier takes', () => {
    const pem = { format: 'pem', type: 'pkcs8' } as const;
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const ed25519 = generateKeyPairSync('ed25519').publicKey;
    const keys = [
      privateKey.export(pem).toString(),
      ed25519.export({ format: 'pem', type: 'spki' }).toString(),
    ];
    expect(problems({ keys })).toEqual([
      expect.stringMatching(/^keys\[0\]: is a private key/),
      expect.stringMatching(/^keys\[1\]: the key has a type that not every verifier accepts/),
    ]);
  });

  it('requires a log for identities and nothing for keys by default', () => {
    expect(signerPolicy(ARGS).transparency).toBe('none');
    expect(signerPolicy(KEYLESS).transparency).toBe('log');
    expect(signerPolicy({ ...ARGS, transparency: 'log' }).transparency).toBe('log');
  });

  it('anchors patterns, and quotes exact names where only patterns are read', () => {
    const identityPattern = '^https://github\\.com/acme/.+$';
    const { identities } = signerPolicy({
      ...KEYLESS,
      identities: [{ identityPattern, issuer: IDENTITY.issuer }],
    });
    const [matcher] = identities;
    expect(matcher!.subject).toEqual({ pattern: '^(?:^https://github\\.com/acme/.+$)$' });
    const issuer = new RegExp(expressionOf(matcher!.issuer));
    expect(issuer.test(IDENTITY.issuer)).toBe(true);
    expect(issuer.test('https://tokenXactions.githubusercontent.com')).toBe(false);
    expect(issuer.test(`${IDENTITY.issuer}.evil.example`)).toBe(false);
  });
});

describe('patterns of images', () => {
  const globs = (image: string) =>
    kyvernoPolicy({ ...ARGS, images: [image] }).manifests.map(
      ({ spec }) => (spec as { matchImageReferences: { glob: string }[] }).matchImageReferences,
    )[0]!;

  it('hold for every tag and digest of a repository, and for no other', () => {
    expect(globs('registry.example.com:5000/acme/app').map(({ glob }) => glob)).toEqual([
      'registry.example.com:5000/acme/app',
      'registry.example.com:5000/acme/app:*',
      'registry.example.com:5000/acme/app@*',
    ]);
  });

  it('hold for Docker Hub by every name that it has', () => {
    expect(globs('docker.io/acme/*').map(({ glob }) => glob)).toEqual([
      'index.docker.io/acme/*',
      'docker.io/acme/*',
      'acme/*',
    ]);
    expect(globs('docker.io/library/*').map(({ glob }) => glob)).toContain('docker.io/*');
  });

  it('hold for deeper paths in policy-controller, too, where one star does not', () => {
    const { images } = signerPolicy({
      ...ARGS,
      images: ['registry.example.com/acme/*', 'docker.io/acme/app'],
    });
    expect(policyControllerGlobs(images)).toEqual([
      'registry.example.com/acme/**',
      'index.docker.io/acme/app:**',
      'index.docker.io/acme/app@**',
    ]);
  });
});

describe('YAML', () => {
  it('is equal to the objects, with unsupported checks as comments', () => {
    const { manifests, warnings } = kyvernoClusterPolicy(ARGS);
    const text = yamlOf(manifests, warnings);
    expect(warnings).not.toEqual([]);
    for (const warning of warnings) expect(text).toContain(`# ${warning}\n`);
    expect(load(text)).toEqual(JSON.parse(JSON.stringify(manifests[0])));
    expect(text).toContain(KEY.split('\n')[1]!);
  });

  it('does not have anchors, and separates objects', () => {
    const { manifests } = kyvernoClusterPolicy({ ...ARGS, keys: [KEY, KEY] });
    const text = yamlOf([...manifests, ...manifests]);
    expect(text).not.toMatch(/[&*]ref/);
    expect(text.split('\n---\n')).toHaveLength(2);
  });
});
