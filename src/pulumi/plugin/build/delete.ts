import { formatRepository, parseDigest, parseReference } from '../../../oci';
import type { DeleteRequest } from '../protocol/crud-resource';
import { DELETION_ADVICE, readDeletion, readRegistry } from '../inputs/declared-registry';
import type { PluginEnvironment } from '../environment';
import { type ImageContent, ImageContents } from './image-contents';
import { InputReader } from '../inputs/input-reader';
import { pushedBefore } from './pushed-images';

/**
 * Removes the images that this resource pushed, if `deletion` is `all`: not one that another tag or
 * another resource of this run names, and not one beside which somebody else has put anything.
 */
export async function removeImages(
  { inputs, outputs, log }: DeleteRequest,
  environment: PluginEnvironment,
): Promise<void> {
  const declared = new InputReader(inputs);
  const pushed = pushedBefore(outputs);
  if (readDeletion(declared) !== 'all' || pushed.length === 0) return;
  const { repository } = parseReference(declared.at('image').string() ?? '');
  const client = environment
    .registryClient(repository, readRegistry(declared.at('registry')))
    .task({ bypassCache: true });
  environment.looks.forget(repository);
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
      log.warn(`${name}@${digest} stays: ${reason}`);
      continue;
    }
    log.status(`remove ${name}@${digest}`);
    for (const manifest of contents.removable(image)) {
      if ((await client.removeManifest(repository, manifest)) !== 'unsupported') continue;
      log.warn(
        `registry ${repository.registry} deletes nothing, so the images stay in ${repository.path}: ${DELETION_ADVICE}`,
      );
      return;
    }
    log.info(`removed ${name}@${digest}`);
  }
}
