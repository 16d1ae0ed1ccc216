import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { type RunningSigstore, startSigstore } from '../../../dev/sigstore';
import {
  type Manifest,
  policyControllerPolicy,
  type SignerPolicyArgs,
} from '../../../src/enforce/admission';
import { ARGS, at, IDENTITY, KEY, KEYLESS, problemsOf } from './support/policies';

const LEGACY = { ...ARGS, format: 'legacy' };
const BUILDER = 'https://github.com/acme/builder';

let sigstore: RunningSigstore;
let own: Pick<SignerPolicyArgs, 'trustedRoot'>;
beforeAll(async () => {
  sigstore = await startSigstore();
  own = { trustedRoot: JSON.stringify(sigstore.trustedRoot) };
});
afterAll(() => sigstore.close());

/** A file of a repository, as tar reads it. */
function unpacked(mirror: string, name: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'trust-root-'));
  try {
    writeFileSync(join(folder, 'repository.tgz'), Buffer.from(mirror, 'base64'));
    execFileSync('tar', ['-xzf', 'repository.tgz'], { cwd: folder });
    return readFileSync(join(folder, 'repository', name), 'utf8');
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function trustedRootIn(manifest: Manifest): RunningSigstore['trustedRoot'] {
  const { mirrorFS } = at(manifest, 'repository') as { readonly mirrorFS: string };
  return JSON.parse(unpacked(mirrorFS, 'targets/trusted_root.json')) as never;
}

const kinds = (args: SignerPolicyArgs) =>
  policyControllerPolicy(args).manifests.map(({ kind, metadata }) => `${kind} ${metadata.name}`);

/** The authorities of the ClusterImagePolicy of this number, the first without a TrustRoot. */
const authorities = (args: SignerPolicyArgs, index = 0) =>
  at(policyControllerPolicy(args).manifests[index], 'authorities') as Record<string, unknown>[];

describe('a ClusterImagePolicy', () => {
  it('has an authority for each key, in the format that it reads', () => {
    for (const format of ['legacy', 'both']) {
      expect(policyControllerPolicy({ ...ARGS, format, keys: [KEY, KEY] }).manifests).toMatchObject(
        [
          {
            apiVersion: 'policy.sigstore.dev/v1beta1',
            kind: 'ClusterImagePolicy',
            spec: {
              mode: 'enforce',
              images: [{ glob: 'registry.example.com/acme/**' }],
              authorities: [
                { name: 'key-1', key: { data: KEY }, signatureFormat: 'legacy' },
                { name: 'key-2', key: { data: KEY }, signatureFormat: 'legacy' },
              ],
            },
          },
        ],
      );
    }
  });

  it('names the format to use if a key signs bundles only', () => {
    expect(problemsOf(() => policyControllerPolicy(ARGS))).toEqual([
      expect.stringMatching(/^format: .*"legacy" or "both"/),
    ]);
  });

  it('reads the signature of a bundle as the attestation that it is', () => {
    expect(authorities(KEYLESS)).toEqual([
      {
        name: 'identities',
        keyless: {
          url: 'https://fulcio.sigstore.dev',
          identities: [{ subject: IDENTITY.identity, issuer: IDENTITY.issuer }],
        },
        ctlog: { url: 'https://rekor.sigstore.dev' },
        signatureFormat: 'bundle',
        attestations: [{ name: 'signature', predicateType: 'https://sigstore.dev/cosign/sign/v1' }],
      },
    ]);
    expect(authorities({ ...KEYLESS, format: 'legacy' })[0]).not.toHaveProperty('attestations');
  });

  it('takes patterns of identities', () => {
    const identities = [
      {
        identityPattern: 'https://github\\.com/acme/.+',
        issuerPattern: 'https://[a-z]+\\.acme\\.example',
      },
    ];
    expect(authorities({ ...KEYLESS, identities })).toMatchObject([
      {
        keyless: {
          identities: [
            {
              subjectRegExp: '^(?:https://github\\.com/acme/.+)$',
              issuerRegExp: '^(?:https://[a-z]+\\.acme\\.example)$',
            },
          ],
        },
      },
    ]);
  });

  it('requires provenance in a separate policy, because all matching policies must pass', () => {
    const provenance = { builderId: BUILDER };
    for (const args of [LEGACY, KEYLESS]) {
      expect(kinds({ ...args, provenance })).toEqual([
        'ClusterImagePolicy acme',
        'ClusterImagePolicy acme-provenance',
      ]);
      const [authority] = authorities({ ...args, provenance }, 1);
      expect(authority).toMatchObject({
        attestations: [
          {
            predicateType: 'https://slsa.dev/provenance/v1',
            policy: {
              type: 'rego',
              data: expect.stringContaining(
                `input.predicate.runDetails.builder.id == "${BUILDER}"`,
              ),
            },
          },
        ],
      });
    }
  });

  it('reports that it does not check annotations', () => {
    const { warnings, manifests } = policyControllerPolicy({ ...KEYLESS, annotations: { a: 'b' } });
    expect(warnings).toEqual([expect.stringContaining('annotations are not checked')]);
    expect(manifests[0]!.metadata.annotations).toMatchObject({ 'signed-image/notes': warnings[0] });
  });

  it('takes an own instance by its keys outside of bundles, without logs that it cannot read', () => {
    const all = sigstore.trustedRoot.tlogs;
    const ecdsa = all.filter(({ publicKey }) => publicKey.keyDetails.startsWith('PKIX_ECDSA'));
    expect(ecdsa.length).toBeLessThan(all.length);
    const args = { ...KEYLESS, ...own, format: 'legacy' };
    expect(kinds(args)).toEqual(['TrustRoot acme', 'ClusterImagePolicy acme']);
    const keys = at(policyControllerPolicy(args).manifests[0], 'sigstoreKeys') as {
      readonly certificateAuthorities: { readonly certChain: string; readonly subject: object }[];
      readonly tLogs: { readonly publicKey: string; readonly hashAlgorithm: string }[];
      readonly ctLogs: unknown[];
      readonly timestampAuthorities: unknown[];
    };
    const [authority] = keys.certificateAuthorities;
    const chain = Buffer.from(authority!.certChain, 'base64').toString();
    expect(new X509Certificate(chain).ca).toBe(true);
    expect(authority!.subject).toEqual({
      organization: expect.stringMatching(/./),
      commonName: expect.stringMatching(/./),
    });
    expect(keys.tLogs).toHaveLength(ecdsa.length);
    expect(keys.tLogs[0]).toMatchObject({ hashAlgorithm: 'sha-256' });
    expect(Buffer.from(keys.tLogs[0]!.publicKey, 'base64').toString()).toContain('PUBLIC KEY');
    expect([keys.ctLogs.length, keys.timestampAuthorities.length]).toEqual([1, 1]);

    const others = { ...sigstore.trustedRoot, tlogs: all.filter((log) => !ecdsa.includes(log)) };
    const trustedRoot = JSON.stringify(others);
    expect(kinds({ ...KEYLESS, trustedRoot })).toContain('TrustRoot acme');
    expect(problemsOf(() => policyControllerPolicy({ ...args, trustedRoot }))).toEqual([
      expect.stringMatching(/^trustedRoot: .*ECDSA/),
    ]);
  });

  it('has a TrustRoot for each way to read signatures, and none that is not used', () => {
    const both = { ...KEYLESS, ...own, keys: [KEY], format: 'both' };
    expect(kinds(both).slice(0, 2)).toEqual(['TrustRoot acme', 'TrustRoot acme-legacy']);
    expect(authorities(both, 2)).toMatchObject([
      { name: 'key-1', ctlog: { trustRootRef: 'acme-legacy' } },
      { name: 'identities', ctlog: { trustRootRef: 'acme' }, keyless: { trustRootRef: 'acme' } },
    ]);
    expect(kinds({ ...LEGACY, ...own })).toEqual(['ClusterImagePolicy acme']);
  });

  it('takes an own instance from a TrustRoot, which comes first', () => {
    const args = { ...KEYLESS, ...own };
    expect(kinds(args)).toEqual(['TrustRoot acme', 'ClusterImagePolicy acme']);
    expect(authorities(args, 1)).toMatchObject([
      {
        keyless: { trustRootRef: 'acme' },
        ctlog: { trustRootRef: 'acme', url: sigstore.rekorUrl },
      },
    ]);
    expect(authorities({ ...args, transparency: 'timestamp' }, 1)).toMatchObject([
      { rfc3161timestamp: { trustRootRef: 'acme' } },
    ]);
  });

  it('has the trusted root in a TrustRoot as it was given, and the same for the same', () => {
    const repository = () =>
      at(policyControllerPolicy({ ...KEYLESS, ...own }).manifests[0], 'repository') as Record<
        string,
        string
      >;
    const { root, mirrorFS, targets, trustedRootTarget } = repository();
    expect(repository()).toEqual(repository());
    expect({ targets, trustedRootTarget }).toEqual({
      targets: 'targets',
      trustedRootTarget: 'trusted_root.json',
    });
    expect(JSON.parse(Buffer.from(root!, 'base64').toString())).toMatchObject({
      signed: { _type: 'root', version: 1, consistent_snapshot: false },
      signatures: [{ sig: expect.stringMatching(/^[0-9a-f]{128}$/) }],
    });
    expect(unpacked(mirrorFS!, 'root.json')).toBe(Buffer.from(root!, 'base64').toString());
    const [trustRoot] = policyControllerPolicy({ ...KEYLESS, ...own }).manifests;
    expect(trustedRootIn(trustRoot!)).toEqual(sigstore.trustedRoot);
  });

  it('is refused with a trusted root that policy-controller would read in part', () => {
    const { tlogs } = sigstore.trustedRoot;
    const large = { ...sigstore.trustedRoot, tlogs: Array.from({ length: 80 }, () => tlogs[0]) };
    const args = { ...KEYLESS, trustedRoot: JSON.stringify(large) };
    expect(problemsOf(() => policyControllerPolicy(args))).toEqual([
      expect.stringMatching(/^trustedRoot: is too large/),
    ]);
  });

  it('lacks no more than its instance does', () => {
    const { ctlogs: _ctlogs, timestampAuthorities: _authorities, ...rest } = sigstore.trustedRoot;
    const args = { ...KEYLESS, trustedRoot: JSON.stringify(rest) };
    expect(authorities(args, 1)).toMatchObject([{ keyless: { insecureIgnoreSCT: true } }]);
    expect(
      problemsOf(() => policyControllerPolicy({ ...args, transparency: 'timestamp' })),
    ).toEqual([expect.stringMatching(/^trustedRoot: has no timestamp authority/)]);
    const none = JSON.stringify({ ...rest, tlogs: [], certificateAuthorities: [] });
    expect(problemsOf(() => policyControllerPolicy({ ...args, trustedRoot: none }))).toEqual([
      expect.stringMatching(/has no certificate authority/),
      expect.stringMatching(/has no transparency log/),
    ]);
  });

  it('reports unsupported settings', () => {
    const wrong = (args: SignerPolicyArgs) => problemsOf(() => policyControllerPolicy(args));
    expect(wrong({ ...LEGACY, action: 'Audit' })).toEqual([expect.stringMatching(/^action: /)]);
    expect(wrong({ ...LEGACY, transparency: 'timestamp' })).toEqual([
      expect.stringMatching(/^trustedRoot: /),
    ]);
    expect(policyControllerPolicy({ ...LEGACY, namespaces: ['a'], action: 'Warn' })).toMatchObject({
      warnings: [expect.stringContaining('policy.sigstore.dev/include=true')],
      manifests: [{ spec: { mode: 'warn' } }],
    });
  });
});
