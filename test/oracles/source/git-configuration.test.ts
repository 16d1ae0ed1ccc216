import { execFileSync } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';

import { detectSource } from '../../../src/source';
import { WorkTree } from '../../source/work-tree';
import { inputCount, recordOracle } from '../support/tally';

/** Every configuration variable that this machine's git knows, by its own list. */
function allKeys(): readonly string[] {
  const listed = execFileSync('git', ['help', '--config'], { encoding: 'utf8' });
  return listed
    .split('\n')
    .filter((line) => /^[A-Za-z0-9<>*.-]+\.[A-Za-z0-9<>*.-]+$/.test(line))
    .map((line) => line.replace(/<[^>]*>|\*/g, 'x'))
    .filter((key) => !/[<>*]/.test(key) && /\.[A-Za-z][A-Za-z0-9-]*$/.test(key));
}

/** Keys that are set at once, as long as git can read them. */
const BATCH = 12;

const tree = new WorkTree();
const canary = `${tree.folder}-canary`;
afterAll(() => {
  tree.remove();
  rmSync(canary, { force: true });
});

/** Sets the keys to a program and reads the repository with them. Whether the program was run. */
async function isRun(
  keys: readonly string[],
): Promise<{ readonly run: boolean; readonly read: boolean }> {
  const value = tree.at('.git/canary.sh');
  const sections = keys.map((key) => {
    const [first = '', ...rest] = key.split('.');
    const name = rest.pop() ?? '';
    const section = rest.length > 0 ? `${first} "${rest.join('.')}"` : first;
    return `[${section}]\n\t${name} = ${value}\n`;
  });
  const plain = '[core]\n\trepositoryformatversion = 0\n\tbare = false\n';
  tree.write('.git/config', plain + sections.join(''));
  const asked = detectSource({
    cwd: tree.folder,
    env: tree.env,
    reads: { context: tree.folder, further: [], sends: () => true, hasExceptions: false },
  });
  const code = await asked.then(
    () => 'clean',
    (error: unknown) => (error as { readonly code?: string }).code,
  );
  return { run: existsSync(canary), read: code !== 'SOURCE_UNREADABLE' };
}

test('no variable in git’s own list causes a program of the repository to run', async () => {
  tree.init();
  tree.write('.gitattributes', '* filter=x diff=x merge=x\n');
  tree.write('a.txt', 'a');
  tree.commit();
  tree.write('a.txt', 'b');
  tree.script('.git/canary.sh', `#!/bin/sh\ntouch ${canary}\n`);
  const keys = allKeys();
  expect(keys.length).toBeGreaterThan(400);
  // Evenly, because the variables of one section are of one kind.
  const step = Math.ceil(keys.length / inputCount(keys.length, 60));
  const asked = keys.filter((_, index) => index % step === 0);
  const run: string[] = [];
  const unread: string[] = [];
  const ask = async (batch: readonly string[]): Promise<void> => {
    const answer = await isRun(batch);
    if (answer.read && !answer.run) return;
    rmSync(canary, { force: true });
    // A value that git refuses ends it before it reads the others.
    if (batch.length > 1) for (const key of batch) await ask([key]);
    else (answer.run ? run : unread).push(...batch);
  };
  for (let at = 0; at < asked.length; at += BATCH) await ask(asked.slice(at, at + BATCH));
  recordOracle('git configuration variables', asked.length, run.length);
  expect(run).toEqual([]);
  // Numbers and switches that git reads at its start, and that are not a program's name.
  expect(unread.length).toBeLessThan(asked.length / 2);
}, 600_000);
