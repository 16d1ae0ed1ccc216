const PACKAGE = 'signed-image:index:';
export const DIGEST = `sha256:${'a'.repeat(64)}`;
export const ARM = `sha256:${'b'.repeat(64)}`;
export const IMAGE = `registry.example.test/shop/web@${DIGEST}`;

/** The mark of a secret in a state, https://www.pulumi.com/docs/iac/concepts/secrets/ */
export const secretOf = (plain: unknown) => ({
  '4dabf18193072939515e22adb298388d': '1b47061264138c4ac30d75fd1eb44270',
  ciphertext: 'v1:ciphertext-of-the-state:AAAA',
  plaintext: JSON.stringify(plain),
});

interface Parts {
  readonly inputs?: object;
  readonly outputs?: object;
  readonly parent?: string;
  readonly [member: string]: unknown;
}

export const urnOf = (type: string, name: string) => `urn:pulumi:prod::shop::${type}::${name}`;

/** A resource in a state. A type without `:` is one of this package. */
export function resourceOf(kind: string, name: string, parts: Parts = {}) {
  const type = kind.includes(':') ? kind : PACKAGE + kind;
  return { urn: urnOf(type, name), type, custom: true, inputs: {}, outputs: {}, ...parts };
}

export function stateOf(...resources: readonly object[]): string {
  const manifest = { time: '2026-01-02T03:04:05Z' };
  return JSON.stringify({ version: 3, deployment: { manifest, resources } });
}

export function verifiedOutputs(digest = DIGEST, imageRef = IMAGE, further: object = {}) {
  const part = { purpose: 'signature', format: 'bundle', status: 'present', stored: ARM };
  return {
    digest,
    imageRef,
    signer: { kind: 'key', keyId: 'c'.repeat(64), publicKey: '' },
    verification: JSON.stringify({
      verified: true,
      digest,
      manifests: [
        { digest, parts: [part] },
        { digest: ARM, platform: 'linux/arm64', parts: [part] },
      ],
    }),
    drift: [],
    ...further,
  };
}

/** A stack that verified one image. */
export function verifiedStack(further: object = {}, inputs: object = {}): string {
  return stateOf(
    resourceOf('VerifiedImage', 'web', {
      inputs: { image: IMAGE, keys: [], ...inputs },
      outputs: verifiedOutputs(DIGEST, IMAGE, further),
      modified: '2026-01-02T03:00:00Z',
    }),
  );
}

export function auditOf(...images: readonly object[]): string {
  const report = {
    outcome: 'findings',
    server: 'https://cluster.example.test',
    namespaces: [],
    time: '2026-01-03T00:00:00Z',
    images: images.map((image) => ({ containers: [], ...image })),
    notRunning: [],
  };
  return JSON.stringify(report);
}
