import type { VerificationPolicyArgs } from '../core';
import type { Digest } from '../oci';
import type { SignerDescription } from '../sign';
import { LAYOUT_FOLDER, layoutCommands } from './layout-commands';
import type { Proof } from './proof';
import { command } from './shell';
import { CLIENT_TRUST_FILE, TRUSTED_ROOT_FILE, type TrustFacts } from './trust-files';
import { sigstorePythonCommands } from './sigstore-python-commands';
import {
  type CommandBlock,
  cosignCommands,
  SIGSTORE_GO_PROGRAM,
  sigstoreGoCommands,
  type VerifierCommands,
} from './verifier-commands';

/** The requirements that the commands of the README have. */
export type DescribedPolicy = Pick<
  VerificationPolicyArgs,
  'annotations' | 'provenance' | 'format' | 'transparency' | 'platforms'
>;

/** What the README describes. */
export interface ReadmeContent {
  /** `host/repo[:tag]`. */
  readonly image: string;
  readonly digest: Digest;
  readonly isIndex: boolean;
  readonly withLayers: boolean;
  readonly proofs: readonly Proof[];
  readonly policy: DescribedPolicy;
  readonly facts: TrustFacts | undefined;
  /** SHA-256 of the files of trust: keys and trusted root. */
  readonly trustChecksums: readonly (readonly [path: string, checksum: string])[];
  readonly notVerified: number;
}

function fence(text: string): string {
  return `\`\`\`sh\n${text}\n\`\`\``;
}

function blockText({ caption, commands }: CommandBlock): string {
  return `${caption}:\n\n${fence(commands.join('\n'))}`;
}

function section(title: string, intro: string, { blocks, gaps }: VerifierCommands): string {
  const missing =
    gaps.length === 0 ? [] : [`Not possible:\n\n${gaps.map((gap) => `- ${gap}`).join('\n')}`];
  return [`## ${title}`, intro, ...blocks.map(blockText), ...missing].join('\n\n');
}

/** One signer of each kind is enough for this program: the same that other clients verify. */
function signersOf(
  proofs: readonly Proof[],
): readonly { signer: SignerDescription; key: string }[] {
  const all = proofs.map(({ signer, files }) => ({ signer, key: files.publicKey ?? '' }));
  return [...new Map(all.map((each) => [JSON.stringify(each.signer), each])).values()];
}

function ownCommand({ digest, proofs, policy, facts }: ReadmeContent): string {
  const { annotations = {}, provenance, format, transparency, platforms } = policy;
  return command(
    'signed-image verify --offline .',
    ['--digest', digest],
    ...signersOf(proofs).map(({ signer, key }) =>
      signer.kind === 'key'
        ? ['--key', key]
        : ['--identity', signer.identity, '--issuer', signer.issuer],
    ),
    facts === undefined ? [] : ['--trusted-root', TRUSTED_ROOT_FILE],
    ...Object.entries(annotations).map(([name, value]) => ['--annotation', `${name}=${value}`]),
    format === undefined ? [] : ['--signature-format', format],
    transparency === undefined ? [] : ['--transparency', transparency],
    provenance?.builderId === undefined ? [] : ['--builder-id', provenance.builderId],
    platforms === false ? ['--no-platforms'] : [],
  );
}

function signerText(signer: SignerDescription): string {
  return signer.kind === 'key'
    ? `the key with the SHA-256 \`${signer.keyId}\` (of its DER)`
    : `the identity ${code(signer.identity)} of the issuer ${code(signer.issuer)}`;
}

/** Inline code; the text comes from certificates. */
function code(text: string): string {
  return `\`${text.replaceAll(/[`\r\n]/g, ' ')}\``;
}

function trustText({ trustChecksums }: ReadmeContent): string {
  const lines = trustChecksums.map(([path, checksum]) => `${checksum}  ${path}`);
  return `A folder cannot prove that its own keys are the right ones. Compare the keys and the trusted root with copies that
you received in another way, or pass your copies to the commands below:

\`\`\`text
${lines.join('\n')}
\`\`\``;
}

function contentText({ withLayers, facts, notVerified }: ReadmeContent): string {
  const layers = withLayers
    ? 'with all layers, as `cosign save` writes it: `cosign load --dir layout HOST/REPO:TAG` pushes the image and the signatures of the image itself'
    : 'without the layers of the image';
  const others =
    notVerified === 0
      ? ''
      : ` It also contains ${notVerified} stored objects that were not verified, such as signatures of other signers.`;
  const rows: readonly (readonly [string, string])[] = [
    ['`export.json`', 'image reference, digest, and what was verified, for programs'],
    [
      '`manifests/`, `configs/`',
      'manifests and image configs; the SHA-256 of a manifest is its digest',
    ],
    ['`bundles/`', 'Sigstore bundles'],
    ['`signatures/`, `attestations/`', 'signatures in cosign’s legacy format, if there are any'],
    ['`certificates/`, `keys/`', 'certificates of the signers, and trusted public keys'],
    ['`provenance/`', 'SLSA provenance statements, decoded'],
    ...(facts === undefined
      ? []
      : ([
          [`\`${TRUSTED_ROOT_FILE}\``, 'the trusted root of the Sigstore instance'],
          [`\`${CLIENT_TRUST_FILE}\``, 'the same for sigstore-python'],
        ] as const)),
    [`\`${LAYOUT_FOLDER}/\``, `an OCI layout ${layers}.${others}`],
    ['`checksums.txt`', 'SHA-256 of every file: `sha256sum --check checksums.txt`'],
  ];
  return [
    '| file | content |',
    '| --- | --- |',
    ...rows.map((row) => `| ${row.join(' | ')} |`),
  ].join('\n');
}

/** Writes the README of an export: what it contains, and the commands that verify it without a network. */
export function readmeText(content: ReadmeContent): string {
  const { image, digest, proofs, facts, policy, isIndex } = content;
  const cosign = cosignCommands(proofs, facts);
  const inLayout = layoutCommands(proofs, {
    isIndex,
    facts,
    annotations: policy.annotations ?? {},
  });
  const signers = signersOf(proofs).map(({ signer }) => `- ${signerText(signer)}`);
  return `${[
    `# Proof for ${image}`,
    `Digest: \`${digest}\``,
    `This folder contains what is needed to verify, without a network, that this image was signed by:`,
    signers.join('\n'),
    `\`signed-image\` verified everything in \`bundles/\`, \`signatures/\`, \`attestations/\` and \`provenance/\` before it wrote the folder.`,
    '## Keys and trusted root',
    trustText(content),
    'Compare the digest with the one that you deploy. Run all commands in this folder; each exits with 0 if it verified.',
    section('signed-image', 'Verifies everything in this folder, every file included.', {
      blocks: [{ caption: 'The whole export', commands: [ownCommand(content)] }],
      gaps: [],
    }),
    section('cosign', 'cosign 3.0.5 or later.', {
      blocks: [...cosign.blocks, ...inLayout],
      gaps: cosign.gaps,
    }),
    section(
      'sigstore-python',
      '`pip install sigstore`, 4.5 or later. Its program verifies statements whose subjects have names, and its library the others: run these with the Python that has it.',
      sigstorePythonCommands(proofs, facts),
    ),
    section(
      'sigstore-go',
      `\`go install github.com/sigstore/sigstore-go/examples/${SIGSTORE_GO_PROGRAM}@v1.2.2\`. It does not check the type of a statement: compare \`predicateType\` in its output.`,
      sigstoreGoCommands(proofs, facts),
    ),
    '## Content',
    contentText(content),
  ].join('\n\n')}\n`;
}
