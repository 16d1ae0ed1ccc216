import { execFileSync } from 'node:child_process';
import { join, resolve } from 'node:path';

import { askLines } from './line-program';

const ROOT = resolve(__dirname, '../../..');

/** The folder of the programs of `dev/tools`' group `oracles`; `npm run test:oracles` builds them. */
function program(name: string): string {
  const build = join(ROOT, 'dev/tools/build.mjs');
  const folder = execFileSync('node', [build, '--where', 'oracles'], { encoding: 'utf8' }).trim();
  return join(folder, name);
}

export interface SentContext {
  /** One byte is one character. */
  readonly sent: readonly string[];
  readonly error?: string;
}

/** What buildx sends of a context: by moby's `patternmatcher`, which docker uses too. */
export async function mobySends(
  questions: readonly { readonly root: string; readonly file: Buffer }[],
): Promise<readonly SentContext[]> {
  const answers = await askLines<unknown, { sent: readonly string[]; error?: string }>(
    program('moby'),
    questions.map(({ root, file }) => ({ ignore: { root, file: file.toString('base64') } })),
  );
  return answers.map(({ sent, ...rest }) => ({
    ...rest,
    sent: sent.map((path) => Buffer.from(path, 'base64').toString('latin1')).sort(),
  }));
}
