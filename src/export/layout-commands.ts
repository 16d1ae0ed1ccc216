import { captionOf, type CommandBlock, cosignTrust } from './verifier-commands';
import type { Proof } from './proof';
import { command } from './shell';
import type { TrustFacts } from './trust-files';

export const LAYOUT_FOLDER = 'layout';

/** What the layout contains for the image itself. */
export interface LayoutFacts {
  readonly isIndex: boolean;
  readonly facts: TrustFacts | undefined;
  readonly annotations: Readonly<Record<string, string>>;
}

/**
 * Returns the commands with which cosign verifies the layout as a saved image. It finds bundles of a single image
 * only, and prefers them; the signature tags of an image or index are used if there are no bundles that it finds.
 */
export function layoutCommands(
  proofs: readonly Proof[],
  { isIndex, facts, annotations }: LayoutFacts,
): readonly CommandBlock[] {
  const own = proofs.filter(({ platform }) => platform === undefined);
  const bundles = own.filter(({ format }) => format === 'bundle');
  const found = !isIndex && bundles.length > 0 ? bundles : own.filter(isLegacy);
  const firstOf = (purpose: Proof['purpose']): readonly Proof[] =>
    found.filter((proof) => proof.purpose === purpose).slice(0, 1);
  const local = ['--local-image', LAYOUT_FOLDER];
  return [
    ...firstOf('signature').map((proof) => ({
      caption: `${captionOf(proof)}, in the OCI layout`,
      commands: [
        command(
          'cosign verify',
          ...cosignTrust(proof, facts),
          ...Object.entries(annotations).map(([name, value]) => ['-a', `${name}=${value}`]),
          local,
        ),
      ],
    })),
    ...firstOf('provenance').map((proof) => ({
      caption: `${captionOf(proof)}, in the OCI layout`,
      commands: [
        command(
          'cosign verify-attestation',
          ...cosignTrust(proof, facts),
          ['--type', proof.predicateType ?? ''],
          local,
        ),
      ],
    })),
  ];
}

function isLegacy({ format }: Proof): boolean {
  return format === 'legacy';
}
