import { stageChain } from '../../../src/build/image-config';

const DOCKERFILE = `ARG BASE=one
FROM image AS One
ENV A=1
FROM other AS two
ENV B=1
FROM one
ENV C=1
FROM \${BASE}
ENV D=1
`;

const texts = (target?: string, args = {}) =>
  stageChain(DOCKERFILE, args, target).map(({ text }) => text);

test('a target has its own instructions after those of the stages that it begins with', () => {
  expect(texts('2')).toEqual(['A=1', 'C=1']);
  expect(texts('two')).toEqual(['B=1']);
  expect(texts('ONE')).toEqual(['A=1']);
});

test('the last stage is the default, and a declared argument may name its base', () => {
  expect(texts(undefined, { BASE: 'two' })).toEqual(['B=1', 'D=1']);
});

test('a target that does not exist does not have instructions', () => {
  expect(texts('none')).toEqual([]);
  expect(texts('9')).toEqual([]);
});

test('a stage that begins with its own name begins with an image', () => {
  expect(stageChain('FROM app AS app\nENV A=1\n', {}, 'app')).toHaveLength(1);
});
