import { SignedImageError } from '../error';
import { isNotFound } from './answer';
import { isTag, type Repository, type Tag } from './reference';
import { nextPage } from './referrers';
import type { RegistrySession } from './session';
import { malformed, parseJsonObject } from './strict-json';
import type { HttpResponse } from '../http/message';

const MAX_PAGES = 100;
const PAGE_SIZE = 1000;

/**
 * Lists all tags of a repository; an empty list if the repository does not exist.
 *
 * https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#listing-tags
 *
 * @throws SignedImageError `REGISTRY_*`, `CONTENT_MALFORMED`, `CONTENT_TOO_LARGE`
 */
export async function listTags(
  session: RegistrySession,
  repository: Repository,
): Promise<readonly Tag[]> {
  const found: Tag[] = [];
  let url: URL | undefined = session.url(repository, `tags/list?n=${PAGE_SIZE}`);
  for (let page = 0; url; page += 1) {
    if (page === MAX_PAGES) {
      throw new SignedImageError({
        code: 'CONTENT_TOO_LARGE',
        message: `registry ${session.endpoint.registry} lists more than ${MAX_PAGES} pages of tags of ${repository.path}`,
      });
    }
    const response: HttpResponse = await session.send(
      { method: 'GET', url },
      { path: repository.path, access: 'pull' },
    );
    if (page === 0 && isNotFound(response)) return [];
    if (response.status !== 200)
      throw await session.responseError(response, 'listing tags', repository);
    const what = `the list of tags of ${repository.path}`;
    const { tags } = parseJsonObject(response.body, what);
    // Go writes an empty list as null.
    if (tags !== null && !Array.isArray(tags))
      throw malformed(what, 'does not have a list of tags');
    for (const tag of tags ?? []) if (typeof tag === 'string' && isTag(tag)) found.push(tag);
    url = nextPage(session, response, 'tags');
  }
  return found;
}
