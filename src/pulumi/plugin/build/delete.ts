import { formatRepository, parseDigest, parseReference } from '../../../oci';
import type { DeleteRequest } from '../protocol/crud-resource';
import { DELETION_ADVICE, readDeletion, readRegistry } from '../inputs/declared-registry';
import type { PluginEnvironment } from '../environment';
import { type ImageContent, ImageContents } from './image-contents';
import { InputReader } from '../inputs/input-reader';
import { previouslyPushed } from './pushed-images';

/**
 * Removes the images that this resource pushed, if `deletion` is `all`. Keeps images that another tag or
 * another resource of this run refers to, and images with referrers that this resource did not write.
 */
export async function removeImages(
  { inputs, outputs, log }: DeleteRequest,
  environment: PluginEnvironment,
): Promise<void> {
  const declared = new InputReader(inputs);
  const pushed = previouslyPushed(outputs);
  if (readDeletion(declared) !== 'all' || pushed.length === 0) return;
  const { repository } = parseReference(declared.at('image').string() ?? '');
  const client = environment
    .registryClient(repository, readRegistry(declared.at('registry')))
    .task({ bypassCache: true });
  environment.readCache.invalidate(repository);
  const name = formatRepository(repository);
  const contents = await ImageContents.read(client, repository, {
    used: environment.uses.of(name),
    pushed,
  });
  for (const digest of [...new Set(pushed.map((image) => image.digest))]) {
    const image: ImageContent | undefined = await contents.of(parseDigest(digest));
    if (!image) continue;
    const user = environment.uses.userOf(name, digest);
    const reason = user === undefined ? await contents.reasonToKeep(image) : `${user} uses it`;
    if (reason !== undefined) {
      log.warn(`${name}@${digest} is kept: ${reason}`);
      continue;
    }
    log.status(`removing ${name}@${digest}`);
    for (const manifest of contents.removable(image)) {
      if ((await client.removeManifest(repository, manifest)) !== 'unsupported') continue;
      log.warn(
        `registry ${repository.registry} does not support deletion, so the images remain in ${repository.path}: ${DELETION_ADVICE}`,
      );
      return;
    }
    log.note(`removed ${name}@${digest}`);
  }
}
