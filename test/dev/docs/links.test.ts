import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';

const ROOT = join(__dirname, '../../..');

/** The Markdown files of the repository. */
const PAGES = execFileSync(
  'git',
  ['ls-files', '--cached', '--others', '--exclude-standard', '*.md'],
  { cwd: ROOT, encoding: 'utf8' },
)
  .split('\n')
  .filter((page) => page !== '' && existsSync(join(ROOT, page)));

const textOf = (page: string): string => readFileSync(join(ROOT, page), 'utf8');
const withoutCode = (text: string): string => text.replace(/^```[\s\S]*?^```/gm, '');

/** The anchor that GitHub gives to a heading. */
const anchorOf = (heading: string): string =>
  heading
    .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}_\- ]/gu, '')
    .trim()
    .replaceAll(' ', '-');

const anchorsOf = (page: string): ReadonlySet<string> =>
  new Set(
    [...withoutCode(textOf(page)).matchAll(/^#+ (.+)$/gm)].map(([, text = '']) => anchorOf(text)),
  );

/** The links of a page to other files of the repository, and to headings. */
const linksOf = (page: string): readonly string[] =>
  [...withoutCode(textOf(page)).matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = '']) => target)
    .filter((target) => !/^[a-z]+:/.test(target));

/** What is wrong with a link; `undefined` if its target exists. */
function faultOf(page: string, link: string): string | undefined {
  const [path = '', anchor] = link.split('#');
  const target = path === '' ? page : normalize(join(dirname(page), path));
  if (!existsSync(join(ROOT, target))) return `${page}: ${link} does not exist`;
  if (anchor === undefined || !target.endsWith('.md') || anchorsOf(target).has(anchor))
    return undefined;
  return `${page}: ${link} is not a heading`;
}

test('every link between the pages leads to an existing file and heading', () => {
  const links = PAGES.flatMap((page) => linksOf(page).map((link) => [page, link] as const));
  expect(links.length).toBeGreaterThan(200);
  expect(links.map(([page, link]) => faultOf(page, link)).filter(Boolean)).toEqual([]);
});

test('a missing file and a missing heading are found', () => {
  expect(faultOf('README.md', 'docs/absent.md')).toBe('README.md: docs/absent.md does not exist');
  expect(faultOf('docs/README.md', '../README.md#absent')).toContain('is not a heading');
  expect(faultOf('docs/README.md', '../README.md#quickstart')).toBeUndefined();
});
