import { type RunningSigstore, startSigstore } from '../../../dev/sigstore';
import {
  kyvernoClusterPolicy,
  kyvernoPolicy,
  type PolicyManifests,
  type SignerPolicyArgs,
} from '../../../src/enforce/admission';
import { ARGS, at, IDENTITY, KEY, KEYLESS, problemsOf } from './support/policies';

const BUILDER = 'https://github.com/acme/builder';

/** CEL of the validations. */
function expressions({ manifests }: PolicyManifests): readonly string[] {
  const validations = at(manifests[0], 'validations') as { readonly expression: string }[];
  return validations.map(({ expression }) => expression);
}

const notes = ({ manifests }: PolicyManifests): string =>
  manifests[0]!.metadata.annotations!['signed-image/notes'] ?? '';

let sigstore: RunningSigstore;
let own: Pick<SignerPolicyArgs, 'trustedRoot'>;
beforeAll(async () => {
  sigstore = await startSigstore();
  own = { trustedRoot: JSON.stringify(sigstore.trustedRoot) };
});
afterAll(() => sigstore.close());

describe('a Kyverno ImageValidatingPolicy', () => {
  it('takes nothing that it cannot judge, no tag, and every image of a pod', () => {
    const { manifests } = kyvernoPolicy(ARGS);
    expect(manifests).toMatchObject([
      {
        apiVersion: 'policies.kyverno.io/v1',
        kind: 'ImageValidatingPolicy',
        metadata: { name: 'acme' },
        spec: {
          validationActions: ['Deny'],
          failurePolicy: 'Fail',
          validationConfigurations: { mutateDigest: false, verifyDigest: true, required: true },
          matchImageReferences: [{ glob: 'registry.example.com/acme/*' }],
        },
      },
      { metadata: { name: 'acme-ephemeral' }, spec: { failurePolicy: 'Fail' } },
    ]);
    expect(expressions(kyvernoPolicy(ARGS))[0]).toContain(
      '(images.containers + images.initContainers + images.ephemeralContainers + images.volumes).all(image, ',
    );
  });

  it('is a second one for the ephemeral containers of pods, which one for pods does not match', () => {
    const { manifests } = kyvernoPolicy(ARGS);
    const [pods, ephemeral] = manifests.map((manifest) => ({
      resources: at(manifest, 'matchConstraints.resourceRules.0.resources'),
      asked: (at(manifest, 'validations') as { readonly expression: string }[])[0]!.expression,
    }));
    // With another resource, Kyverno does not generate rules for Deployments and other controllers.
    expect(pods!.resources).toEqual(['pods']);
    expect(ephemeral!.resources).toEqual(['pods/ephemeralcontainers']);
    expect(ephemeral!.asked).toMatch(/^\(images\.ephemeralContainers\)\.all\(/);
  });

  it('checks image volumes, which Kyverno does not by default', () => {
    const [extractor] = at(kyvernoPolicy(ARGS).manifests[0], 'images') as { name: string }[];
    expect(extractor).toEqual({
      name: 'volumes',
      expression: expect.stringContaining('object.spec.volumes'),
    });
  });

  it('is not evaluated for an update that adds no image', () => {
    for (const manifest of kyvernoPolicy(ARGS).manifests) {
      const [{ expression }] = at(manifest, 'matchConditions') as [{ expression: string }];
      expect(expression).toMatch(/^oldObject == null \|\| !\(/);
    }
  });

  it('takes an annotation that is absent for no empty one', () => {
    const made = expressions(kyvernoPolicy({ ...ARGS, annotations: { k: '' } }));
    expect(made[1]).toContain('s.?annotations[?"k"].hasValue()');
    expect(made[1]).not.toContain('orValue');
  });

  it('requires the statement of a signature in bundles, not any statement of the signer', () => {
    const made = kyvernoPolicy(ARGS);
    expect(expressions(made)).toEqual([
      expect.stringContaining(
        'verifyAttestationSignatures(image, attestations.signature, [attestors.key1]) > 0',
      ),
    ]);
    expect(at(made.manifests[0], 'attestations')).toEqual([
      { name: 'signature', intoto: { type: 'https://sigstore.dev/cosign/sign/v1' } },
    ]);
  });

  it('checks the tag of signatures in the format "legacy", and bundles if both exist', () => {
    expect(expressions(kyvernoPolicy({ ...ARGS, format: 'legacy' }))).toEqual([
      expect.stringContaining('verifyImageSignatures(image, [attestors.key1]) > 0'),
    ]);
    expect(expressions(kyvernoPolicy({ ...ARGS, format: 'both' }))[0]).toContain(
      'verifyAttestationSignatures',
    );
  });

  it('is content with any of the signers', () => {
    const made = kyvernoPolicy({ ...KEYLESS, keys: [KEY, KEY] });
    expect(expressions(made)[0]).toContain(
      '[attestors.key1, attestors.key2, attestors.identities]',
    );
    expect(at(made.manifests[0], 'attestors.2.cosign.keyless.identities')).toEqual([
      { subject: IDENTITY.identity, issuer: IDENTITY.issuer },
    ]);
  });

  it('checks annotations and the builder in what was signed', () => {
    const made = expressions(
      kyvernoPolicy({
        ...ARGS,
        annotations: { 'org.example/"quoted"': 'a\\b' },
        provenance: { builderId: BUILDER },
      }),
    );
    expect(made).toHaveLength(4);
    expect(made[1]).toContain(
      'extractPayload(image, attestations.signature).subject.exists(s, s.?annotations[?"org.example/\\"quoted\\""].hasValue() && s.?annotations[?"org.example/\\"quoted\\""].value() == "a\\\\b")',
    );
    expect(made[2]).toContain('attestations.provenance');
    expect(made[3]).toContain(`.?builder.?id.orValue("") == "${BUILDER}"`);
  });

  it('requires a log for keys only if it is configured, and then that of the instance', () => {
    const ctlog = (change: Partial<SignerPolicyArgs>) =>
      at(kyvernoPolicy({ ...ARGS, ...change }).manifests[0], 'attestors.0.cosign.ctlog');
    expect(ctlog({})).toEqual({ insecureIgnoreTlog: true, insecureIgnoreSCT: true });
    expect(ctlog({ transparency: 'log' })).toEqual({
      url: 'https://rekor.sigstore.dev',
      insecureIgnoreSCT: true,
    });
    expect(ctlog({ transparency: 'log', ...own })).toEqual({
      url: sigstore.rekorUrl,
      rekorPubKey: expect.stringContaining('BEGIN PUBLIC KEY'),
      insecureIgnoreSCT: true,
    });
  });

  it('carries an own instance whole', () => {
    const made = kyvernoPolicy({ ...KEYLESS, ...own });
    const cosign = at(made.manifests[0], 'attestors.0.cosign');
    expect(cosign).toMatchObject({
      keyless: { roots: expect.stringContaining('BEGIN CERTIFICATE') },
      ctlog: { ctLogPubKey: expect.stringContaining('BEGIN PUBLIC KEY'), url: sigstore.rekorUrl },
    });
    const { value } = (cosign as { trustedRoot: { value: string } }).trustedRoot;
    expect(JSON.parse(value)).toEqual(sigstore.trustedRoot);
    expect(notes(made)).toContain('TUF');
  });

  it('has the TUF repository of the instance in each attestor, and then does not note that it is missing', () => {
    const root = '{"signed":{"_type":"root"},"signatures":[]}';
    const tuf = { mirror: 'https://tuf.example.com', root };
    const made = kyvernoPolicy({ ...KEYLESS, keys: [KEY], ...own, tuf });
    for (const manifest of made.manifests) {
      for (const { cosign } of at(manifest, 'attestors') as { cosign: object }[]) {
        expect(cosign).toMatchObject({
          tuf: {
            mirror: 'https://tuf.example.com',
            root: { data: Buffer.from(root).toString('base64') },
          },
        });
      }
    }
    expect(notes(made)).not.toContain('TUF');
    const mirrored = kyvernoPolicy({ ...KEYLESS, tuf: { mirror: 'https://tuf.example.com' } });
    expect(at(mirrored.manifests[0], 'attestors.0.cosign.tuf')).toEqual({
      mirror: 'https://tuf.example.com',
    });
  });

  it.each([
    [{ root: '{"signed":{"_type":"root"},"signatures":[]}' }, /^tuf\.mirror: is required$/],
    [{ mirror: 'tuf.example.com' }, /^tuf\.mirror: must be an address/],
    [{ mirror: 'https://tuf.example.com', root: 'root.json' }, /^tuf\.root: must be the JSON text/],
    [{ mirror: 'https://tuf.example.com', root: '{"signed":{}}' }, /^tuf\.root: /],
    [{ mirror: 'https://tuf.example.com', rot: '{}' }, /^tuf\.rot: unknown/],
  ])('refuses the TUF repository %j', (tuf, message) => {
    const problems = problemsOf(() => kyvernoPolicy({ ...KEYLESS, tuf: tuf as never }));
    expect(problems).toEqual([expect.stringMatching(message)]);
  });

  it('takes timestamps instead of a log', () => {
    const { manifests } = kyvernoPolicy({ ...KEYLESS, ...own, transparency: 'timestamp' });
    expect(at(manifests[0], 'attestors.0.cosign.ctlog')).toMatchObject({
      insecureIgnoreTlog: true,
      tsaCertChain: expect.stringContaining('BEGIN CERTIFICATE'),
    });
  });

  it('lists its requirements and unsupported checks, in the object too', () => {
    const said = (change: Partial<SignerPolicyArgs>) => {
      const made = kyvernoPolicy({ ...ARGS, ...change });
      expect(notes(made)).toBe(made.warnings.join('\n'));
      return made.warnings;
    };
    expect(said({})).toEqual([expect.stringContaining('require Kyverno 1.19')]);
    expect(said({ format: 'legacy' })).toEqual([]);
    expect(said({ format: 'legacy', annotations: { a: 'b' } })).toEqual([
      expect.stringMatching(/annotations are not checked.*"bundle" or "both"/),
    ]);
    expect(said({ ...own, transparency: 'timestamp' })).toContainEqual(
      expect.stringContaining('Timestamps of signatures by keys are not checked'),
    );
  });

  it('names the format to use for provenance of a key', () => {
    const args = { ...ARGS, format: 'legacy', provenance: {} };
    expect(problemsOf(() => kyvernoPolicy(args))).toEqual([
      expect.stringMatching(/^format: .*"bundle" or "both"/),
    ]);
  });

  it('applies to the configured namespaces', () => {
    const selector = (namespaces?: readonly string[]) =>
      at(
        kyvernoPolicy({ ...ARGS, ...(namespaces && { namespaces }) }).manifests[0],
        'matchConstraints.namespaceSelector',
      );
    expect(selector()).toMatchObject({ matchExpressions: [{ values: ['kube-system'] }] });
    expect(selector(['*'])).toEqual({});
    expect(selector(['b', 'a'])).toMatchObject({
      matchExpressions: [{ operator: 'In', values: ['a', 'b'] }],
    });
  });
});

describe('a Kyverno ClusterPolicy', () => {
  const rule = (args: SignerPolicyArgs) =>
    at(kyvernoClusterPolicy(args).manifests[0], 'rules.0.verifyImages.0') as Record<
      string,
      unknown
    >;

  it('reads bundles by the statement of a signature, and needs one signer', () => {
    const made = rule({ ...ARGS, provenance: { builderId: BUILDER } });
    expect(made).toMatchObject({
      type: 'SigstoreBundle',
      failureAction: 'Enforce',
      verifyDigest: true,
      attestations: [
        {
          type: 'https://sigstore.dev/cosign/sign/v1',
          attestors: [
            {
              count: 1,
              entries: [
                {
                  keys: {
                    publicKeys: KEY,
                    rekor: { ignoreTlog: true },
                    ctlog: { ignoreSCT: true },
                  },
                },
              ],
            },
          ],
        },
        {
          type: 'https://slsa.dev/provenance/v1',
          conditions: [{ all: [{ key: '{{ runDetails.builder.id }}', value: BUILDER }] }],
        },
      ],
    });
    expect(made).not.toHaveProperty('attestors');
  });

  it.each(['legacy', 'both'])('reads the format "%s" by its tags, with annotations', (format) => {
    const annotations = { commit: '0123' };
    const made = rule({ ...ARGS, format, annotations, provenance: {} });
    expect(made).toMatchObject({
      type: 'Cosign',
      attestors: [{ count: 1, entries: [{ annotations }] }],
    });
    // Kyverno would compare them with the provenance, which does not have them.
    expect(JSON.stringify(made['attestations'])).not.toContain('0123');
  });

  it('takes wildcards in an exact name for what they are', () => {
    const identities = [{ ...IDENTITY, identity: 'https://ci.example.com/*?' }];
    const made = rule({ ...KEYLESS, identities });
    expect(made).toMatchObject({
      attestations: [
        {
          attestors: [
            {
              entries: [
                {
                  keyless: {
                    issuer: IDENTITY.issuer,
                    subjectRegExp: '^https://ci\\.example\\.com/\\*\\?$',
                  },
                },
              ],
            },
          ],
        },
      ],
    });
  });

  it('has the keys of an own instance in the format "legacy", and reports if it cannot', () => {
    const entry = rule({ ...KEYLESS, ...own, format: 'legacy', transparency: 'timestamp' });
    expect(entry).toMatchObject({
      attestors: [
        {
          entries: [
            {
              keyless: {
                roots: expect.stringContaining('BEGIN CERTIFICATE'),
                rekor: { ignoreTlog: true },
                ctlog: { tsaCertChain: expect.any(String), pubkey: expect.any(String) },
              },
            },
          ],
        },
      ],
    });
    expect(kyvernoClusterPolicy({ ...KEYLESS, ...own }).warnings).toContainEqual(
      expect.stringContaining('cannot be set in the policy'),
    );
  });

  it('lists its requirements and unsupported checks', () => {
    const said = (args: SignerPolicyArgs) => kyvernoClusterPolicy(args).warnings;
    expect(said(ARGS)).toEqual([expect.stringContaining('require Kyverno 1.19')]);
    expect(said(KEYLESS)).toEqual(['Bundles require Kyverno 1.13.']);
    expect(said({ ...ARGS, format: 'legacy' })).toEqual([]);
    expect(said({ ...ARGS, annotations: { a: 'b' } })).toContainEqual(
      expect.stringContaining('annotations are not checked'),
    );
  });

  it.each([
    ['provenance.builderId', { provenance: { builderId: 'https://b.example/*' } }],
    ['provenance.builderId', { provenance: { builderId: 'https://b.example/?x' } }],
    ['provenance.builderId', { provenance: { builderId: '{{ request.object.metadata.name }}' } }],
    ['annotations.k', { annotations: { k: '' } }],
    ['annotations.k', { annotations: { k: '$(../../../name)' } }],
    ['annotations.{{ k }}', { annotations: { '{{ k }}': 'v' } }],
    [
      'identities[0]',
      { identities: [{ ...IDENTITY, identity: 'https://ci.example/{{ request.operation }}' }] },
    ],
  ])('does not take a %s that Kyverno would compare as something else', (property, change) => {
    const { keys, ...keyless } = ARGS;
    const base = 'identities' in change ? keyless : { ...keyless, keys };
    const problems = problemsOf(() =>
      kyvernoClusterPolicy({ ...base, ...change, format: 'legacy', transparency: 'log' }),
    );
    expect(problems).toEqual([expect.stringContaining(`${property}: `)]);
    expect(problems[0]).toContain('use an ImageValidatingPolicy');
  });

  it('requires the chain of an authority that is not known', () => {
    const args = { ...KEYLESS, format: 'legacy', transparency: 'timestamp' };
    expect(problemsOf(() => kyvernoClusterPolicy(args))).toEqual([
      expect.stringMatching(/^trustedRoot: .*format "bundle"/),
    ]);
  });

  it('warns or audits, in the configured namespaces', () => {
    const spec = (change: Partial<SignerPolicyArgs>) =>
      kyvernoClusterPolicy({ ...ARGS, ...change }).manifests[0]!['spec'];
    expect(spec({ action: 'Warn', namespaces: ['a'] })).toMatchObject({
      emitWarning: true,
      rules: [
        {
          match: { any: [{ resources: { namespaces: ['a'] } }] },
          verifyImages: [{ failureAction: 'Audit' }],
        },
      ],
    });
    expect(spec({})).toMatchObject({
      rules: [{ exclude: { any: [{ resources: { namespaces: ['kube-system'] } }] } }],
    });
    expect(JSON.stringify(spec({ namespaces: ['*'], action: 'Audit' }))).not.toContain(
      'namespaces',
    );
  });
});
