import type { PredicateTypeName } from '../../../src/attest';

const TIME = '2026-01-01T00:00:00Z';

const json = (value: object): string => JSON.stringify(value, null, 2);

const SPDX = {
  spdxVersion: 'SPDX-2.3',
  SPDXID: 'SPDXRef-DOCUMENT',
  dataLicense: 'CC0-1.0',
  name: 'app',
  documentNamespace: 'https://example.com/sbom/app',
  creationInfo: { created: TIME, creators: ['Tool: example'] },
  packages: [],
};

const PROVENANCE_V02 = {
  builder: { id: 'https://ci.example.com/builder' },
  buildType: 'https://example.com/build/v1',
  invocation: { configSource: { uri: 'git+https://example.com/a', entryPoint: 'build' } },
  metadata: { buildStartedOn: TIME, buildFinishedOn: TIME },
  materials: [{ uri: 'git+https://example.com/a', digest: { sha1: 'abcd' } }],
};

/** A predicate of each type of `cosign attest --type`, as the text of a file. */
export const PREDICATES: Readonly<Record<PredicateTypeName, string>> = {
  slsaprovenance: json(PROVENANCE_V02),
  slsaprovenance02: json(PROVENANCE_V02),
  slsaprovenance1: json({
    buildDefinition: {
      buildType: 'https://example.com/build/v1',
      externalParameters: { target: 'release' },
      resolvedDependencies: [{ uri: 'git+https://example.com/a', digest: { gitCommit: 'abcd' } }],
    },
    runDetails: { builder: { id: 'https://ci.example.com/builder' } },
  }),
  spdx: json(SPDX),
  spdxjson: json(SPDX),
  cyclonedx: json({ bomFormat: 'CycloneDX', specVersion: '1.6', version: 1, components: [] }),
  vuln: json({
    invocation: { parameters: ['--format=json'], uri: '', event_id: '', 'builder.id': '' },
    scanner: {
      uri: 'pkg:github/example/scanner@1',
      version: '1.0',
      db: { uri: 'pkg:github/example/db', version: '2' },
      result: { findings: [] },
    },
    metadata: { scanStartedOn: TIME, scanFinishedOn: TIME },
  }),
  openvex: json({
    '@context': 'https://openvex.dev/ns/v0.2.0',
    '@id': 'https://example.com/vex/1',
    author: 'security@example.com',
    timestamp: TIME,
    version: 1,
    statements: [
      {
        vulnerability: { name: 'CVE-2026-0001' },
        products: [{ '@id': 'pkg:oci/app' }],
        status: 'not_affected',
        justification: 'vulnerable_code_not_present',
      },
    ],
  }),
  link: json({
    _type: 'link',
    name: 'build',
    materials: {},
    products: { app: { sha256: 'ab'.repeat(32) } },
    byproducts: { 'return-value': 0 },
    command: ['make', 'app'],
    environment: {},
  }),
  custom: 'reviewed by two people\n',
};

/** The same document in the other format of SPDX. */
export const SPDX_TEXT =
  'SPDXVersion: SPDX-2.3\nDataLicense: CC0-1.0\nSPDXID: SPDXRef-DOCUMENT\nDocumentName: app\n';

/** A type of one's own. */
export const OWN_TYPE = 'https://example.com/attestation/review/v1';
export const OWN_PREDICATE = json({ reviewers: ['a', 'b'], approved: true });
