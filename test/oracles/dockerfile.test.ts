import fc from 'fast-check';

import { baseImages, lex, WordError } from '../../src/build/dockerfile';
import { readSyntax } from '../../src/build/dockerfile/directives';
import { machinePlatform } from '../../src/build/dockerfile/platform-arguments';
import { readStages } from '../../src/build/dockerfile/stages';
import type { DockerfileCase } from './support/dockerfile-case';
import { dockerfile, word } from './support/dockerfile-cases';
import { WRITTEN } from './support/dockerfiles';
import { buildkitExpands, buildkitPulls } from './support/moby';
import { inputCount, recordOracle } from './support/tally';

/** Official frontends or others: what they read is the same to this comparison. */
const SYNTAX = /^it uses the frontend/;

function readOurs({ text, args, target, platform }: DockerfileCase) {
  const { images, problems } = baseImages(text, { args, target, platforms: [platform] });
  return {
    images,
    problems: problems.filter((problem) => !SYNTAX.test(problem)),
    stages: readStages(text, args, {}).stages.map(({ name }) => name ?? ''),
    syntax: readSyntax(text) ?? '',
  };
}

async function compare(cases: readonly DockerfileCase[]) {
  const ours = cases.map(readOurs);
  const answers = await buildkitPulls(
    cases.map((asked, index) => ({
      ...asked,
      build: machinePlatform(),
      names: ours[index]?.images ?? [],
    })),
  );
  let accepted = 0;
  const differences = cases.flatMap((asked, index) => {
    const [found, answer] = [ours[index], answers[index]];
    if (!found || !answer) throw new Error('an answer is missing');
    const { stages, syntax, images, names, error } = answer;
    // Only files that BuildKit accepts count as inputs; of the others only the frontend is compared.
    const differs = (what: string, mine: unknown, theirs: unknown) =>
      JSON.stringify(mine) === JSON.stringify(theirs)
        ? []
        : [{ what, ...asked, mine, theirs, error, problems: found.problems }];
    const seen = differs('syntax', found.syntax, syntax);
    if (error !== undefined) return seen;
    accepted++;
    return [
      ...seen,
      ...differs('stages', found.stages, stages),
      ...differs('images', [...new Set(names)].sort(), [...new Set(images)].sort()),
      ...differs('problems', found.problems, []),
    ];
  });
  return { accepted, differences };
}

test('written Dockerfiles have the stages and images that BuildKit finds in them', async () => {
  const { accepted, differences } = await compare(WRITTEN);
  recordOracle('Dockerfiles, written (BuildKit)', accepted, differences.length);
  expect(differences.slice(0, 5)).toEqual([]);
  expect(accepted).toBeGreaterThanOrEqual(200);
}, 300_000);

test('generated Dockerfiles have the stages and images that BuildKit finds in them', async () => {
  const cases = fc.sample(dockerfile, { numRuns: inputCount(5000, 800), seed: 7 });
  const { accepted, differences } = await compare(cases);
  recordOracle('Dockerfiles, generated (BuildKit)', accepted, differences.length);
  expect(differences.slice(0, 5)).toEqual([]);
  expect(accepted).toBeGreaterThan(cases.length / 5);
}, 300_000);

const ENVIRONMENT: Readonly<Record<string, string>> = {
  V: 'v1.2/x.y*z',
  W: 'w "x" \'y\' $V',
  EMPTY: '',
  TARGETARCH: 'amd64',
  é: 'accent\nline',
  '1': 'one',
};

test('words are expanded as BuildKit expands them, or refused as it refuses them', async () => {
  const words = fc.sample(word, { numRuns: inputCount(20_000, 2000), seed: 8 });
  const asked = words.map((text, index) => ({ text, escape: index % 4 === 0 ? '`' : '\\' }));
  const answers = await buildkitExpands(asked, ENVIRONMENT);
  const differences = asked.flatMap(({ text, escape }, index) => {
    const mine = expanded(text, escape);
    const theirs = answers[index];
    return mine === theirs ? [] : [{ text, escape, mine, theirs }];
  });
  recordOracle('words (BuildKit)', words.length, differences.length);
  expect(differences.slice(0, 10)).toEqual([]);
  // Some of both kinds.
  const refused = answers.filter((answer) => answer === undefined).length;
  expect(refused).toBeGreaterThan(0);
  expect(refused).toBeLessThan(words.length * 0.9);
}, 300_000);

function expanded(text: string, escape: string): string | undefined {
  try {
    const lookup = (name: string): string | undefined =>
      Object.hasOwn(ENVIRONMENT, name) ? ENVIRONMENT[name] : undefined;
    return lex(text, lookup, { escape }).text;
  } catch (error) {
    if (error instanceof WordError) return undefined;
    throw error;
  }
}
