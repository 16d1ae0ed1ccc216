import { SignedImageError } from '../../error';

export const GITLAB_PREFIX = 'gitlab://';
export const GITLAB_EXAMPLE = 'gitlab://GROUP/PROJECT';

/** https://docs.gitlab.com/user/reserved_names/#rules-for-usernames-project-and-group-names-and-slugs */
const PART = /^[A-Za-z0-9_.][A-Za-z0-9_.-]*$/;

/**
 * Reads `gitlab://` and the path or the number of a project or of a group.
 *
 * @returns the path or number, as it stands
 * @throws SignedImageError `KEY_REFERENCE_INVALID`
 */
export function parseGitlabReference(ref: string): string {
  const path = ref.slice(GITLAB_PREFIX.length);
  const isName = (part: string) => PART.test(part) && !/^\.+$/.test(part);
  if (path.split('/').every(isName)) return path;
  throw new SignedImageError({
    code: 'KEY_REFERENCE_INVALID',
    message:
      'a key in GitLab is named by the path or the number of its project or group, as in ' +
      `${GITLAB_EXAMPLE} or gitlab://1234; the address of the server is not part of it (GITLAB_HOST)`,
  });
}
