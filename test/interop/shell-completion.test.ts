import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { COMMANDS } from '../../src/cli/commands';
import { run } from '../cli/support';

type Complete = (script: string, line: string) => Promise<readonly string[]>;

/** Runs a program of a shell; its own configuration files are not read. */
async function shell(program: string, args: readonly string[]): Promise<string> {
  const { PATH } = process.env;
  const options = { env: { PATH, HOME: folder, TERM: 'xterm' }, timeout: 30_000, cwd: folder };
  return (await promisify(execFile)(program, args, options)).stdout;
}

const BASH = `source "$1"; shift
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
_signed_image
printf '%s\n' "\${COMPREPLY[@]}"`;

/** Types the line and a tab at an interactive shell, and reads its screen until the last candidate. */
const ZSH = `zmodload zsh/zpty
zpty inner 'PS1="ready> " COLUMNS=200 zsh -f -i'
zpty -w inner 'autoload -Uz compinit; compinit -u -D; source '$1'; print LOADED-$((1+1))'
zpty -r -m inner loaded '*LOADED-2*'
zpty -n -w inner "$2"$'\t'
zpty -r -m inner screen "*$3*"
print -r -- $screen
zpty -d inner`;

const words = (line: string): readonly string[] => line.split(' ');
const lines = (text: string): readonly string[] => text.split('\n').filter((line) => line !== '');

const inBash: Complete = async (script, line) =>
  lines(await shell('bash', ['-c', BASH, 'bash', script, ...words(line)]));
const inFish: Complete = async (script, line) =>
  lines(await shell('fish', ['-N', '-c', `source ${script}; complete -C '${line}'`])).map(
    (each) => each.split('\t')[0] ?? '',
  );

/** The words at a position of the commands that begin with the others. */
const wordsAfter = (...before: readonly string[]): readonly string[] => [
  ...new Set(
    COMMANDS.filter(({ words: all }) => before.every((word, index) => all[index] === word)).flatMap(
      ({ words: all }) => all[before.length] ?? [],
    ),
  ),
];

const CASES: readonly (readonly [line: string, candidates: readonly string[]])[] = [
  ['signed-image ', wordsAfter()],
  ['pulumi-signed-image audit ', wordsAfter('audit')],
  ['signed-image audit cluster --tr', ['--transparency', '--trusted-root']],
  ['signed-image audit cluster --transparency ', ['log', 'none', 'timestamp']],
  ['signed-image audit cluster -o ', ['json', 'sarif', 'text']],
  ['signed-image completion ', ['bash', 'fish', 'zsh']],
  ['signed-image keys ', ['generate', 'public']],
];

let folder: string;
beforeAll(async () => (folder = await mkdtemp(join(tmpdir(), 'completion-'))));
afterAll(() => rm(folder, { recursive: true, force: true }));

async function scriptOf(name: string): Promise<string> {
  const { code, stdout } = await run(['completion', name]);
  expect(code).toBe(0);
  const path = join(folder, `completion.${name}`);
  await writeFile(path, stdout);
  return path;
}

describe.each([
  ['bash', inBash],
  ['fish', inFish],
] as const)('the completion for %s', (name, complete) => {
  it.each(CASES)('completes "%s"', async (line, candidates) => {
    const found = await complete(await scriptOf(name), line);
    const own = found.filter((each) => !['help', '--help', '--version'].includes(each));
    expect([...own].sort()).toEqual([...candidates].sort());
  });

  it('completes the path of an option', async () => {
    await writeFile(join(folder, 'policy-of-a-file.json'), '');
    const line = 'signed-image audit cluster --policy policy-of';
    expect(await complete(await scriptOf(name), line)).toEqual(['policy-of-a-file.json']);
  });
});

describe('the completion for zsh', () => {
  it.each(CASES)('completes "%s"', async (line, candidates) => {
    const script = await scriptOf('zsh');
    const last = [...candidates].sort().at(-1) ?? '';
    const screen = await shell('zsh', ['-f', '-c', ZSH, 'zsh', script, line, last]);
    const listed = screen.slice(screen.lastIndexOf(line) + line.length);
    for (const each of candidates) expect(listed).toContain(each);
  });

  it('works as a file of fpath', async () => {
    const { stdout } = await run(['completion', 'zsh']);
    await writeFile(join(folder, '_signed-image'), stdout);
    const loaded = join(folder, 'fpath.zsh');
    await writeFile(loaded, `fpath=(${folder} $fpath); autoload -Uz _signed-image; compinit -u -D`);
    const args = ['-f', '-c', ZSH, 'zsh', loaded, 'signed-image audit ', 'rbac'];
    expect(await shell('zsh', args)).toContain('cluster');
  });
});
