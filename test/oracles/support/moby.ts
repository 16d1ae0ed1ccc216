import { execFileSync } from 'node:child_process';
import { join, resolve } from 'node:path';

import { askLines } from './line-program';

const ROOT = resolve(__dirname, '../../..');

/** The folder of the programs of `dev/tools`' group `oracles`; `npm run test:oracles` builds them. */
export function oracleProgram(name: string): string {
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
    oracleProgram('moby'),
    questions.map(({ root, file }) => ({ ignore: { root, file: file.toString('base64') } })),
  );
  return answers.map(({ sent, ...rest }) => ({
    ...rest,
    sent: sent.map((path) => Buffer.from(path, 'base64').toString('latin1')).sort(),
  }));
}

export interface PullQuestion {
  readonly text: string;
  readonly args: Readonly<Record<string, string>>;
  readonly target?: string;
  readonly platform: string;
  readonly build: string;
  /** Images that are to be written as BuildKit writes them. */
  readonly names: readonly string[];
}

export interface PullAnswer {
  /** Names of the stages; empty for one without. */
  readonly stages: readonly string[];
  /** The images that BuildKit resolved. */
  readonly images: readonly string[];
  readonly names: readonly string[];
  readonly syntax: string;
  /** Why BuildKit refuses the file. */
  readonly error?: string;
}

/** Which images BuildKit's Dockerfile frontend fetches. */
export async function buildkitPulls(
  questions: readonly PullQuestion[],
): Promise<readonly PullAnswer[]> {
  const answers = await askLines<
    unknown,
    Omit<PullAnswer, 'stages'> & { readonly stages: readonly { readonly name: string }[] }
  >(
    oracleProgram('moby'),
    questions.map(({ text, target = '', ...rest }) => ({
      dockerfile: { ...rest, target, text: Buffer.from(text).toString('base64') },
    })),
  );
  return answers.map(({ stages, ...rest }) => ({
    ...rest,
    stages: stages.map(({ name }) => name),
  }));
}

/** The results of BuildKit's shell lexer for words; `undefined` for an invalid word. */
export async function buildkitExpands(
  words: readonly { readonly text: string; readonly escape: string }[],
  env: Readonly<Record<string, string>>,
): Promise<readonly (string | undefined)[]> {
  const answers = await askLines<unknown, { readonly value: string; readonly error?: string }>(
    oracleProgram('moby'),
    words.map((word) => ({ word: { ...word, env } })),
  );
  return answers.map(({ value, error }) => (error === undefined ? value : undefined));
}

export interface DockerReference {
  readonly domain: string;
  readonly path: string;
  readonly tag: string;
  readonly digest: string;
  /** Why docker refuses it. */
  readonly error?: string;
}

/** Image references as parsed by docker, by `github.com/distribution/reference`. */
export function dockerReferences(texts: readonly string[]): Promise<readonly DockerReference[]> {
  return askLines(
    oracleProgram('moby'),
    texts.map((text) => ({ reference: { text } })),
  );
}
