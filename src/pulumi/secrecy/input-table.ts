/**
 * How an input is handled that the program marked as secret:
 *
 * - `guarded`: secret whether or not it was marked. Never stored or shown in plain text.
 * - `reference`: guarded if it contains a private key or a PIN, otherwise `kept`.
 * - `kept`: keeps its mark, and is sent only to the service that it configures.
 * - `public`: published where others can read it (registry, provenance, transparency log, identifier of
 *   a resource, command line of a builder). A marked value is rejected unless `nonsecret` lists it.
 * - `argument`: as `public`, but a value that `nonsecret` allows is left out of logs and statements.
 */
export type Secrecy = 'guarded' | 'reference' | 'kept' | 'public' | 'argument';

/** A member that is an object, or a list of objects, of a type of the table. */
export interface Nested {
  readonly type: TypeName;
}

export type Members = Readonly<Record<string, Secrecy | Nested>>;

const of = (type: TypeName): Nested => ({ type });

type TypeName =
  | 'BuildArgs'
  | 'KeyArgs'
  | 'KeylessArgs'
  | 'SigstoreArgs'
  | 'SourceArgs'
  | 'ProvenanceArgs'
  | 'RegistryArgs'
  | 'VerifyArgs'
  | 'TrustedKeyArgs'
  | 'IdentityArgs'
  | 'RequirementArgs'
  | 'ClaimsArgs'
  | 'ProviderRegistryArgs'
  | 'TrustArgs'
  | 'ProvenanceExpectationArgs'
  | 'SourceFactsOutput'
  | 'BuildSummaryOutput';

/** The types of the inputs, by their names in TypeScript. In the schema they have no suffix. */
export const INPUT_TYPES: Readonly<Record<TypeName, Members>> = {
  BuildArgs: {
    context: 'public',
    dockerfile: 'public',
    target: 'public',
    args: 'argument',
    secrets: 'guarded',
    platforms: 'public',
    labels: 'public',
    cacheFrom: 'public',
    cacheTo: 'public',
    contexts: 'public',
    pull: 'public',
    noCache: 'public',
    network: 'public',
    addHosts: 'public',
    ssh: 'public',
    sbom: 'public',
    builder: 'public',
    buildxBuilder: 'public',
    environment: 'public',
  },
  KeyArgs: { ref: 'reference', password: 'guarded' },
  KeylessArgs: {
    provider: 'public',
    tokenFile: 'kept',
    tokenEnv: 'kept',
    clientId: 'kept',
    // The certificate contains it.
    issuer: 'public',
    interactive: 'public',
  },
  SigstoreArgs: {
    fulcioUrl: 'kept',
    rekorUrl: 'kept',
    rekorVersion: 'kept',
    tsaUrl: 'kept',
    trustedRoot: 'kept',
    signingConfig: 'kept',
    clientTrustConfig: 'kept',
    confirmPublic: 'kept',
  },
  SourceArgs: {
    commit: 'public',
    branch: 'public',
    tag: 'public',
    ref: 'public',
    repository: 'public',
    builder: 'public',
    directory: 'public',
    allowDirty: 'public',
  },
  ProvenanceArgs: { disabled: 'public', form: 'public', builderId: 'public', parameters: 'public' },
  RegistryArgs: {
    username: 'kept',
    password: 'guarded',
    caFile: 'kept',
    clientCertificate: 'kept',
    clientKey: 'guarded',
    insecure: 'kept',
  },
  ProviderRegistryArgs: {
    host: 'kept',
    username: 'kept',
    password: 'guarded',
    caFile: 'kept',
    clientCertificate: 'kept',
    clientKey: 'guarded',
    insecure: 'kept',
  },
  TrustArgs: {
    keys: 'public',
    trustedKeys: of('TrustedKeyArgs'),
    identities: of('IdentityArgs'),
  },
  // The values that a verification compares are in the registry and in the outputs.
  VerifyArgs: {
    keys: 'public',
    trustedKeys: of('TrustedKeyArgs'),
    identities: of('IdentityArgs'),
    annotations: 'public',
    always: 'public',
    exportProof: 'public',
  },
  TrustedKeyArgs: { key: 'public', notBefore: 'public', notAfter: 'public', retired: 'public' },
  IdentityArgs: {
    identity: 'public',
    identityPattern: 'public',
    issuer: 'public',
    issuerPattern: 'public',
    claims: of('ClaimsArgs'),
    claimPatterns: of('ClaimsArgs'),
  },
  ClaimsArgs: {
    buildSignerUri: 'public',
    buildSignerDigest: 'public',
    runnerEnvironment: 'public',
    sourceRepository: 'public',
    sourceDigest: 'public',
    sourceRef: 'public',
    sourceRepositoryId: 'public',
    sourceRepositoryOwner: 'public',
    sourceRepositoryOwnerId: 'public',
    buildConfigUri: 'public',
    buildConfigDigest: 'public',
    buildTrigger: 'public',
    runInvocationUri: 'public',
    sourceRepositoryVisibility: 'public',
    deploymentEnvironment: 'public',
    githubWorkflowTrigger: 'public',
    githubWorkflowSha: 'public',
    githubWorkflowName: 'public',
    githubWorkflowRepository: 'public',
    githubWorkflowRef: 'public',
  },
  RequirementArgs: {
    name: 'public',
    predicateType: 'public',
    keys: 'public',
    trustedKeys: of('TrustedKeyArgs'),
    identities: of('IdentityArgs'),
    annotations: 'public',
    condition: 'public',
    maxAge: 'public',
    count: 'public',
    transparency: 'public',
  },
  ProvenanceExpectationArgs: {
    builderId: 'public',
    buildType: 'public',
    commit: 'public',
    externalParameters: 'public',
  },
  SourceFactsOutput: {
    commit: 'public',
    branch: 'public',
    tag: 'public',
    ref: 'public',
    repository: 'public',
    headRepository: 'public',
    path: 'public',
    superproject: 'public',
    dirty: 'public',
    builder: 'public',
    system: 'public',
    invocation: 'public',
    user: 'public',
  },
  BuildSummaryOutput: {
    builder: 'public',
    usedBuilder: 'public',
    buildxBuilder: 'public',
    tag: 'public',
    context: 'public',
    dockerfile: 'public',
    dockerfileDigest: 'public',
    contextDigest: 'public',
    target: 'public',
    args: 'public',
    secretArgs: 'public',
    secretIds: 'public',
    platforms: 'public',
    labels: 'public',
    contexts: 'public',
    contextDigests: 'public',
    pull: 'public',
    noCache: 'public',
    network: 'public',
    addHosts: 'public',
    sshIds: 'public',
    sbom: 'public',
    startedOn: 'public',
    finishedOn: 'public',
  },
};

const SIGNED_IMAGE: Members = {
  image: 'public',
  build: of('BuildArgs'),
  key: of('KeyArgs'),
  keyless: of('KeylessArgs'),
  sigstore: of('SigstoreArgs'),
  transparency: 'public',
  annotations: 'public',
  source: of('SourceArgs'),
  provenance: of('ProvenanceArgs'),
  format: 'public',
  signedIdentity: 'public',
  registry: of('RegistryArgs'),
  verify: of('VerifyArgs'),
  deletion: 'public',
  nonsecret: 'public',
};

/** What to verify, and whom to trust. */
const VERIFICATION = {
  image: 'public',
  keys: 'public',
  trustedKeys: of('TrustedKeyArgs'),
  identities: of('IdentityArgs'),
  annotations: 'public',
  format: 'public',
  transparency: 'public',
  provenance: of('ProvenanceExpectationArgs'),
  require: of('RequirementArgs'),
  platforms: 'public',
  sigstore: of('SigstoreArgs'),
  registry: of('RegistryArgs'),
} as const satisfies Members;

/**
 * Every input of every resource. The classes, the schema and the plugin all use this table, and a
 * test compares it with the schema: an input that is not in the table cannot be added.
 */
export const RESOURCE_INPUTS = {
  SignedImage: SIGNED_IMAGE,
  SigningPlan: SIGNED_IMAGE,
  ImageBuild: {
    image: 'public',
    build: of('BuildArgs'),
    source: of('SourceArgs'),
    registry: of('RegistryArgs'),
    deletion: 'public',
    nonsecret: 'public',
  },
  ImageSignature: {
    image: 'public',
    key: of('KeyArgs'),
    keyless: of('KeylessArgs'),
    sigstore: of('SigstoreArgs'),
    transparency: 'public',
    annotations: 'public',
    source: of('SourceArgs'),
    provenance: of('ProvenanceArgs'),
    format: 'public',
    signedIdentity: 'public',
    registry: of('RegistryArgs'),
    facts: of('SourceFactsOutput'),
    build: of('BuildSummaryOutput'),
    always: 'public',
    deletion: 'public',
    nonsecret: 'public',
  },
  VerifiedImage: {
    ...VERIFICATION,
    always: 'public',
    exportProof: 'public',
    triggers: 'kept',
    nonsecret: 'public',
  },
} as const satisfies Readonly<Record<string, Members>>;

/** Every input of the provider: defaults of the resources. */
export const PROVIDER_INPUTS = {
  registry: of('ProviderRegistryArgs'),
  sigstore: of('SigstoreArgs'),
  trust: of('TrustArgs'),
  transparency: 'public',
  format: 'public',
  source: of('SourceArgs'),
  annotations: 'public',
  deletion: 'public',
} as const satisfies Members;

/** Every input of every function. Nothing of them is stored. */
export const FUNCTION_INPUTS = {
  verifyImage: VERIFICATION,
  listSignatures: { image: 'public', registry: of('RegistryArgs') },
  resolveImage: { image: 'public', registry: of('RegistryArgs') },
  auditLog: {
    keys: 'public',
    trustedKeys: of('TrustedKeyArgs'),
    identities: of('IdentityArgs'),
    sigstore: of('SigstoreArgs'),
    // The values of a state that are secret are encrypted.
    stackStates: 'kept',
    known: 'kept',
    digests: 'kept',
    checkpoint: 'kept',
    from: 'public',
    maxEntries: 'public',
  },
} as const satisfies Readonly<Record<string, Members>>;

export type FunctionName = keyof typeof FUNCTION_INPUTS;
export type ResourceName = keyof typeof RESOURCE_INPUTS;

/** Returns the members of an object in the table; `undefined` if the input is not an object. */
export function membersOf(member: Secrecy | Nested | undefined): Members | undefined {
  return typeof member === 'object' ? INPUT_TYPES[member.type] : undefined;
}

/** Whether the input may be a secret that the program did not mark. */
export function isGuarded(member: Secrecy | Nested | undefined): boolean {
  return member === 'guarded' || member === 'reference';
}

/** Returns `[type, member]` of all members that the schema declares as secret. */
export function guardedMembers(): readonly (readonly [type: string, member: string])[] {
  return Object.entries(INPUT_TYPES).flatMap(([type, members]) =>
    Object.entries(members).flatMap(([name, member]) =>
      isGuarded(member) ? [[type, name] as const] : [],
    ),
  );
}
