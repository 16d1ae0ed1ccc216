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

export interface IgnoreQuestion {
  /** The ignore file; base64 in JSON, as Go reads `[]byte`. */
  readonly file: Buffer;
  readonly paths: readonly Buffer[];
}

export interface IgnoreAnswer {
  readonly ignored: readonly boolean[] | null;
  readonly error?: string;
}

/** What moby's `patternmatcher` answers: the package that docker, BuildKit and buildx use. */
export async function mobyIgnores(
  questions: readonly IgnoreQuestion[],
): Promise<readonly IgnoreAnswer[]> {
  return askLines(
    program('moby'),
    questions.map(({ file, paths }) => ({
      ignore: {
        file: file.toString('base64'),
        paths: paths.map((path) => path.toString('base64')),
      },
    })),
  );
}
