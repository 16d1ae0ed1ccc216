import type { DemoOutputs } from './outputs';

/** The cosign commands that verify the same image. */
export function cosignCommands(outputs: DemoOutputs): readonly string[] {
  const { publicKey, trustedRoot, identity, issuer, imageRef } = outputs;
  const by = (...signer: readonly string[]) => [
    ['cosign verify', ...signer, ...common].join(' \\\n    '),
    ['cosign verify-attestation --type slsaprovenance1', ...signer, ...common].join(' \\\n    '),
  ];
  const common = [`--trusted-root ${trustedRoot}`, '--allow-http-registry', imageRef];
  return [
    ...by(`--key ${publicKey}`),
    ...by(`--certificate-identity ${identity}`, `--certificate-oidc-issuer ${issuer}`).slice(0, 1),
  ];
}
