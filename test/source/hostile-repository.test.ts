import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { detectSource, type FilesRead } from '../../src/source';
import { WorkTree } from './work-tree';

let tree: WorkTree;
beforeEach(() => {
  tree = new WorkTree();
});
afterEach(() => tree.remove());

const canary = () => join(tree.folder, '..', `${tree.folder.split('/').at(-1)}-canary`);
afterEach(() => rmSync(canary(), { force: true }));

/** All of the context, as without an ignore file. */
const all = (context: string): FilesRead => ({
  context,
  further: [],
  sends: () => true,
  hasExceptions: false,
});

/** A program that leaves a file behind, with the environment that it was started with in it. */
const command = () => tree.script('.git/canary.sh', `#!/bin/sh\nenv > ${canary()}\nexit 1\n`);

const detect = (cwd = tree.folder, env: NodeJS.ProcessEnv = {}, overrides = {}) =>
  detectSource({
    cwd,
    program: tree.folder,
    env: { ...tree.env, ...env },
    overrides,
    reads: all(cwd),
  });

/** Keys of git-config(1) whose value is executed, and a plain git command that executes it offline, if one exists. */
const RUNNING: readonly (readonly [key: string, control?: readonly string[]])[] = [
  ['core.fsmonitor', ['status']],
  ['core.hooksPath'],
  ['core.pager'],
  ['core.editor'],
  ['core.askPass'],
  ['core.sshCommand', ['ls-remote', 'git@host.invalid:a/b']],
  ['core.gitProxy'],
  ['core.alternateRefsCommand'],
  ['credential.helper'],
  ['credential.https://git.example.com.helper'],
  ['diff.external', ['diff']],
  ['diff.hostile.command', ['diff']],
  ['diff.hostile.textconv', ['diff']],
  ['filter.hostile.clean', ['add', '--all']],
  ['filter.hostile.smudge', ['checkout', '-f', '--', '.']],
  ['filter.hostile.process', ['add', '--all']],
  ['merge.hostile.driver'],
  ['difftool.hostile.cmd'],
  ['mergetool.hostile.cmd'],
  ['gpg.program'],
  ['gpg.ssh.program'],
  ['gpg.ssh.defaultKeyCommand'],
  ['gpg.x509.program'],
  ['interactive.diffFilter'],
  ['pager.status'],
  ['pager.rev-parse'],
  ['remote.origin.proxy'],
  ['remote.origin.receivepack'],
  ['remote.origin.uploadpack', ['ls-remote', 'origin']],
  ['remote.origin.vcs'],
  ['sendemail.smtpServer'],
  ['sequence.editor'],
  ['submodule.sub.update'],
  ['tar.hostile.command'],
  ['trailer.hostile.command'],
  ['trailer.hostile.cmd'],
  ['uploadpack.packObjectsHook'],
  ['url.ext::sh.insteadOf'],
  ['alias.rev-parse'],
  ['alias.status'],
  ['browser.hostile.cmd'],
  ['guitool.hostile.cmd'],
  ['man.hostile.cmd'],
  ['web.browser'],
  ['init.templateDir'],
];

const CONTROLLED = RUNNING.flatMap(([key, control]) => (control ? [{ key, control }] : []));

/** A repository with changed files for which filters, drivers and textconv are to be used. */
function hostile(key: string): void {
  tree.committed();
  tree.write('.gitattributes', '* filter=hostile diff=hostile merge=hostile\n');
  tree.commit();
  tree.git('remote', 'add', 'origin', tree.folder);
  tree.write('a.txt', 'b');
  tree.git('config', key, command());
}

test.each(RUNNING.map(([key]) => key))('the repository’s %s is not run', async (key) => {
  hostile(key);
  await expect(detect()).rejects.toMatchObject({ code: 'SOURCE_DIRTY' });
  expect(existsSync(canary())).toBe(false);
});

test.each(CONTROLLED)('git itself runs $key, so the table above can fail', ({ key, control }) => {
  hostile(key);
  try {
    tree.git(...control);
  } catch {
    // The program ends with an error, and so may git.
  }
  expect(existsSync(canary())).toBe(true);
});

test('no hook of the repository is run', async () => {
  tree.committed();
  const hooks = [
    'fsmonitor-watchman',
    'post-index-change',
    'post-checkout',
    'reference-transaction',
  ];
  for (const hook of hooks) tree.script(`.git/hooks/${hook}`, `#!/bin/sh\ntouch ${canary()}\n`);
  tree.write('a.txt', 'b');
  await expect(detect()).rejects.toMatchObject({ code: 'SOURCE_DIRTY' });
  expect(existsSync(canary())).toBe(false);
});

test('a configuration that the repository includes is not run', async () => {
  tree.committed();
  const included = `[core]\n\tfsmonitor = ${command()}\n[filter "hostile"]\n\tclean = ${command()}\n`;
  tree.write('.git/included', included);
  tree.git('config', 'include.path', 'included');
  tree.git('config', `includeIf.gitdir:${tree.folder}/.path`, 'included');
  tree.write('.git/info/attributes', '* filter=hostile\n');
  tree.write('a.txt', 'b');
  await expect(detect()).rejects.toMatchObject({ code: 'SOURCE_DIRTY' });
  expect(existsSync(canary())).toBe(false);
});

test('objects that a partial clone lacks are not fetched by what it configures', async () => {
  tree.committed();
  const id = tree.git('rev-parse', 'HEAD^{tree}');
  rmSync(tree.at(`.git/objects/${id.slice(0, 2)}/${id.slice(2)}`));
  const settings = [
    ['core.repositoryFormatVersion', '1'],
    ['extensions.partialClone', 'origin'],
    ['remote.origin.url', 'git@host.invalid:a/b'],
    ['remote.origin.promisor', 'true'],
    ['core.sshCommand', command()],
  ] as const;
  for (const [key, value] of settings) tree.git('config', key, value);
  await expect(detect()).rejects.toMatchObject({
    code: 'SOURCE_UNREADABLE',
    message: expect.stringContaining('is missing'),
  });
  expect(existsSync(canary())).toBe(false);
});

test('git is started without the secrets of this process', async () => {
  tree.committed();
  const bin = join(tree.folder, '..', `${tree.folder.split('/').at(-1)}-bin`);
  mkdirSync(bin);
  const git = execFileSync('sh', ['-c', 'command -v git'], { encoding: 'utf8' }).trim();
  writeFileSync(join(bin, 'git'), `#!/bin/sh\nenv >> ${canary()}\nexec ${git} "$@"\n`, {
    mode: 0o755,
  });
  await detect(tree.folder, {
    PATH: `${bin}:${tree.env['PATH']}`,
    COSIGN_PASSWORD: 'canary-password',
    GITLAB_TOKEN: 'canary-token',
    GIT_SSH_COMMAND: 'canary-command',
    GIT_EXTERNAL_DIFF: 'canary-diff',
    GIT_CONFIG_COUNT: '2',
    GIT_CONFIG_KEY_0: 'http.extraHeader',
    GIT_CONFIG_VALUE_0: 'Authorization: canary-header',
    GIT_CONFIG_KEY_1: 'safe.directory',
    GIT_CONFIG_VALUE_1: '/trusted',
  });
  const seen = execFileSync('cat', [canary()], { encoding: 'utf8' });
  rmSync(bin, { recursive: true });
  expect(seen).toContain('GIT_CONFIG_VALUE_0=/trusted');
  expect(seen.replaceAll(canary(), '')).not.toMatch(/canary-/);
});

test('a git in the current folder is not started', async () => {
  tree.committed();
  tree.script('git', `#!/bin/sh\ntouch ${canary()}\n`);
  tree.commit();
  const before = process.cwd();
  process.chdir(tree.folder);
  try {
    for (const PATH of [`:${tree.env['PATH']}`, `.:${tree.env['PATH']}`, `${tree.env['PATH']}:`]) {
      expect((await detect(tree.folder, { PATH })).dirty).toBe(false);
    }
  } finally {
    process.chdir(before);
  }
  expect(existsSync(canary())).toBe(false);
});

describe('a repository inside the context', () => {
  /** As ordinary files in a folder: what git takes for a bare repository. */
  const bare = (folder: string): void => {
    tree.write(`${folder}/HEAD`, 'ref: refs/heads/main\n');
    mkdirSync(tree.at(`${folder}/refs/heads`), { recursive: true });
    tree.write(`${folder}/refs/heads/.keep`, '');
    tree.write(`${folder}/objects/.keep`, '');
    tree.write(
      `${folder}/config`,
      `[core]\n\trepositoryformatversion = 0\n\tbare = false\n\tworktree = ..\n\tfsmonitor = ${command()}\n` +
        '[remote "origin"]\n\turl = https://git.example.com/evil/app\n',
    );
  };

  test.each(['app', 'app/deep.git'])(
    'that is committed as ordinary files in %s is not the source, and does not run anything',
    async (folder) => {
      tree.committed();
      tree.git('remote', 'add', 'origin', 'https://git.example.com/acme/app');
      bare(folder);
      tree.write('app/Dockerfile', 'FROM scratch\n');
      const commit = tree.commit();
      for (const cwd of [tree.at('app'), tree.at(folder)]) {
        expect(await detect(cwd)).toMatchObject({
          commit,
          repository: 'https://git.example.com/acme/app',
          dirty: false,
        });
      }
      expect(existsSync(canary())).toBe(false);
    },
  );

  /** A repository as it comes out of an archive. */
  const unpacked = (path: string): WorkTree => {
    const nested = new WorkTree(tree.at(path));
    nested.committed();
    nested.git('remote', 'add', 'origin', 'https://git.example.com/evil/app');
    nested.git('config', 'core.fsmonitor', command());
    return nested;
  };

  test('that is not declared is not the source: its files are not in the commit', async () => {
    tree.committed();
    unpacked('vendor/lib');
    const asked = detect(tree.at('vendor/lib'));
    await expect(asked).rejects.toMatchObject({
      code: 'SOURCE_DIRTY',
      message: expect.stringMatching(
        /"vendor\/".*"vendor\/lib" is a separate repository.*source\.directory/,
      ),
    });
    expect(existsSync(canary())).toBe(false);
  });

  test('returns neither commit nor repository, even if a difference is allowed', async () => {
    const commit = tree.committed();
    tree.git('remote', 'add', 'origin', 'https://git.example.com/acme/app');
    unpacked('vendor/lib');
    expect(await detect(tree.at('vendor/lib'), {}, { allowDirty: true })).toMatchObject({
      commit,
      repository: 'https://git.example.com/acme/app',
      dirty: true,
    });
  });

  test('is found out even if git ignores the folder', async () => {
    tree.write('.gitignore', 'vendor/\n');
    tree.committed();
    unpacked('vendor/lib');
    await expect(detect(tree.at('vendor/lib'))).rejects.toMatchObject({ code: 'SOURCE_DIRTY' });
  });

  test.each(['a repository', 'no repository'])(
    'or a link as the context does not select a source outside: %s',
    async (place) => {
      tree.committed();
      tree.write('app/Dockerfile', 'FROM scratch\n');
      tree.commit();
      const outside = new WorkTree();
      try {
        outside.write('app/Dockerfile', 'FROM evil\n');
        if (place === 'a repository') outside.committed();
        rmSync(tree.at('app'), { recursive: true });
        symlinkSync(outside.at('app'), tree.at('app'));
        // The link itself may be committed: what it leads to is not.
        for (const isCommitted of [false, true]) {
          if (isCommitted) tree.commit();
          await expect(detect(tree.at('app'), { GITHUB_ACTIONS: 'true' })).rejects.toMatchObject({
            code: 'SOURCE_DIRTY',
            message: expect.stringMatching(/symbolic link.*source\.directory/) as string,
          });
        }
      } finally {
        outside.remove();
      }
    },
  );

  test('is the source if it is declared as source.directory', async () => {
    tree.write('.gitignore', 'checkout/\n');
    tree.committed();
    const nested = unpacked('checkout');
    const declared = { directory: 'checkout' };
    expect(await detect(nested.folder, {}, declared)).toMatchObject({
      commit: nested.git('rev-parse', 'HEAD'),
      repository: 'https://git.example.com/evil/app',
      dirty: false,
    });
  });

  test('is the source if it is a submodule, at any depth', async () => {
    const library = new WorkTree();
    library.committed();
    const inner = new WorkTree();
    inner.committed();
    library.git('submodule', '--quiet', 'add', inner.folder, 'inner');
    library.commit();
    tree.committed();
    tree.git('submodule', '--quiet', 'add', library.folder, 'library');
    tree.git('submodule', '--quiet', 'update', '--init', '--recursive');
    tree.commit();
    expect(await detect()).toMatchObject({ dirty: false });
    expect((await detect(tree.at('library'))).commit).toBe(library.git('rev-parse', 'HEAD'));
    expect((await detect(tree.at('library/inner'))).commit).toBe(inner.git('rev-parse', 'HEAD'));
    library.remove();
    inner.remove();
  });

  test.each(['missing', 'a.txt'])(
    'a directory that is not a folder cannot be declared: %s',
    async (directory) => {
      tree.committed();
      await expect(detect(tree.folder, {}, { directory })).rejects.toMatchObject({
        property: 'source.directory',
        message: expect.stringContaining('is not a folder that exists'),
      });
    },
  );

  test('a directory that is in no repository cannot be declared', async () => {
    const elsewhere = new WorkTree();
    const asked = detect(tree.folder, {}, { directory: elsewhere.folder });
    await expect(asked).rejects.toMatchObject({
      code: 'INPUT_INVALID',
      property: 'source.directory',
    });
    elsewhere.remove();
  });
});

describe('objects that do not have their id', () => {
  test('a forged pack cannot replace the files of a known commit', async () => {
    // A foreign commit, and its id under which our own commit's bytes are stored.
    const known = new WorkTree();
    known.committed();
    const id = known.git('rev-parse', 'HEAD');
    tree.init();
    tree.write('evil.txt', 'evil');
    const evil = tree.commit();
    const path = (commit: string) =>
      tree.at(`.git/objects/${commit.slice(0, 2)}/${commit.slice(2)}`);
    mkdirSync(join(path(id), '..'), { recursive: true });
    execFileSync('cp', [path(evil), path(id)]);
    tree.write('.git/refs/heads/main', `${id}\n`);
    expect(tree.git('rev-parse', 'HEAD')).toBe(id);
    await expect(detect()).rejects.toMatchObject({ code: 'SOURCE_UNREADABLE' });
    known.remove();
  });

  test('a replacement of the commit does not count', async () => {
    const one = tree.committed();
    tree.write('a.txt', 'evil');
    const two = tree.commit();
    tree.git('checkout', '--quiet', '--detach', one);
    tree.git('replace', one, two);
    tree.write('a.txt', 'evil');
    expect(tree.git('status', '--porcelain')).not.toContain('??');
    await expect(detect()).rejects.toMatchObject({ code: 'SOURCE_DIRTY' });
  });
});
