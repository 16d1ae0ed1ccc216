import { homepage, repository } from '../../package.json';

/** The folder of the generated Go SDK in the repository. */
const GO_SDK = 'sdk/go/signedimage';

const REPOSITORY = repository.url.replace(/^git\+/, '').replace(/\.git$/, '');

/**
 * What the Pulumi Registry and the SDK generators need to know of the package.
 *
 * https://www.pulumi.com/docs/iac/guides/building-extending/packages/schema/
 */
export const PACKAGE_METADATA = {
  displayName: 'Signed Image',
  publisher: 'pulumi-signed-image',
  keywords: [
    'pulumi',
    'signed-image',
    'sigstore',
    'cosign',
    'slsa',
    'supply-chain',
    'kind/component',
    'category/utility',
  ],
  homepage,
  license: 'Apache-2.0',
  repository: REPOSITORY,
  logoUrl: `${REPOSITORY.replace('://github.com/', '://raw.githubusercontent.com/')}/main/docs/logo.svg`,
  // `github://api.github.com/OWNER/REPO`: the archives that are attached to a release (docs/installation-configuration.md).
  pluginDownloadURL: `github://api.github.com/${new URL(REPOSITORY).pathname.slice(1)}`,
} as const;

/** The names of the generated SDKs. Each takes its version from the schema. */
export const LANGUAGES = {
  nodejs: {
    // Not the name of the library: a project can have both.
    packageName: '@pulumi-signed-image/signed-image',
    packageDescription: 'SDK of the Pulumi package signed-image',
    dependencies: { '@pulumi/pulumi': '^3.142.0' },
    respectSchemaVersion: true,
  },
  python: {
    packageName: 'pulumi_signed_image',
    pyproject: { enabled: true },
    requires: { pulumi: '>=3.142.0,<4.0.0' },
    respectSchemaVersion: true,
  },
  go: {
    importBasePath: `${new URL(REPOSITORY).host}${new URL(REPOSITORY).pathname}/${GO_SDK}`,
    rootPackageName: 'signedimage',
    generateResourceContainerTypes: true,
    respectSchemaVersion: true,
  },
  csharp: {
    rootNamespace: 'PulumiSignedImage',
    namespaces: { 'signed-image': 'SignedImage' },
    packageReferences: { Pulumi: '3.*' },
    respectSchemaVersion: true,
  },
  java: {
    basePackage: 'io.github.pulumisignedimage',
    buildFiles: 'gradle',
    gradleNexusPublishPluginVersion: '2.0.0',
    dependencies: { 'com.pulumi:pulumi': '1.16.0' },
    respectSchemaVersion: true,
  },
} as const;
