import type { ImageTree, TreeManifest } from '../core';
import { defineCommand } from './command';
import { IMAGE_ARGUMENT, IMAGE_OPTIONS, imageArgs } from './image-options';
import { modules } from './modules';
import { oneLine } from '../host/one-line';

/** `signed-image tree`. */
export const tree = defineCommand({
  words: ['tree'],
  summary: 'list what is stored for an image: signatures, attestations, artifacts',
  about:
    'Lists the signatures and attestations of an image and of its platform manifests, in both formats, and other artifacts that refer to them. Nothing of it is verified: it is what the signatures say of themselves.',
  arguments: [IMAGE_ARGUMENT],
  options: IMAGE_OPTIONS,
  async run({ values, positionals: [image] }, { terminal, host }) {
    const found = await modules.core().imageTree(imageArgs(image, values), { host });
    terminal.print(
      values.output === 'json' ? JSON.stringify(found, null, 2) : treeLines(found).join('\n'),
    );
  },
});

function treeLines({ reference, manifests }: ImageTree): readonly string[] {
  const [image, ...platforms] = manifests;
  const branches = [
    ...(image === undefined ? [] : leaves(image).map((line) => [line])),
    ...platforms.map((manifest) => [
      `${manifest.platform ?? 'manifest'} ${manifest.digest}`,
      ...nested(leaves(manifest).map((line) => [line])),
    ]),
  ];
  return [
    reference,
    ...(branches.length === 0 ? ['└── nothing is stored for it'] : nested(branches)),
  ];
}

/** Draws the branches of a tree; the first line of each is its name. */
function nested(branches: readonly (readonly string[])[]): readonly string[] {
  return branches.flatMap(([name = '', ...below], index) => {
    const isLast = index === branches.length - 1;
    return [
      `${isLast ? '└── ' : '├── '}${name}`,
      ...below.map((line) => `${isLast ? '    ' : '│   '}${line}`),
    ];
  });
}

function leaves({ signatures, unreadable, artifacts }: TreeManifest): readonly string[] {
  return [
    ...signatures.map(({ format, stored, predicateType, identity, logEntries }) => {
      const what = predicateType ?? 'signature';
      const by = identity === undefined ? 'key' : `${identity.identity} (${identity.issuer})`;
      const log = logEntries.map(({ logIndex }) => `, log index ${logIndex}`).join('');
      return oneLine(`${what} [${format}] ${stored} by ${by}${log}`);
    }),
    ...unreadable.map(({ stored, reason }) => oneLine(`unreadable ${stored}: ${reason}`)),
    ...artifacts.map(({ artifactType, mediaType, digest, size }) =>
      oneLine(`${artifactType ?? mediaType} ${digest} (${size} bytes)`),
    ),
  ];
}
