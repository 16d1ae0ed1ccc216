import { compilePattern, literalPattern } from '../../verify/identity-pattern';

const REF = /^refs\/[^\s~^:?[\\]+$/;

/** Returns what is wrong with a Git reference that may contain `*`; `undefined` if nothing is. */
export function refFault(ref: string): string | undefined {
  if (!REF.test(ref))
    return 'must be a full Git reference, for example refs/heads/main or refs/tags/v*';
  const fault = compilePattern(refPattern(ref));
  return 'fault' in fault ? fault.fault : undefined;
}

/** Whether a Git reference stands for several. */
export function isRefPattern(ref: string): boolean {
  return ref.includes('*');
}

/**
 * The regular expression (RE2) of a Git reference with the wildcards of GitHub's and GitLab's filters: `*` is any text
 * without a slash, `**` any text.
 */
export function refPattern(ref: string): string {
  return ref
    .split(/(\*{1,2})/)
    .map((part) => (part === '*' ? '[^/]*' : part === '**' ? '.*' : literalPattern(part)))
    .join('');
}
