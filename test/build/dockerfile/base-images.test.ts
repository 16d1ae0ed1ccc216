import { baseImages } from '../../../src/build';

const images = (
  text: string,
  args: Readonly<Record<string, string>> = {},
  target?: string,
  platforms?: readonly string[],
) => baseImages(text, args, target, platforms);

test.each<[string, string, readonly string[]]>([
  ['one', 'FROM alpine:3.20\n', ['alpine:3.20']],
  ['lower case', 'from alpine as base\nrun x', ['alpine']],
  ['scratch is none', 'FROM scratch\n', []],
  ['with a platform', 'FROM --platform=$BUILDPLATFORM golang:1 AS b\n', ['golang:1']],
  ['by digest', `FROM a@sha256:${'0'.repeat(64)}`, [`a@sha256:${'0'.repeat(64)}`]],
  ['stages are none', 'FROM a AS one\nFROM One AS two\nFROM two\n', ['a']],
  ['a stage that is not needed', 'FROM unused AS u\nFROM a\n', ['a']],
  ['copied from', 'FROM a\nCOPY --chown=1 --from=tools:1 /x /x\n', ['a', 'tools:1']],
  ['copied from a stage', 'FROM b AS s\nFROM a\nCOPY --from=s /x /x\n', ['a', 'b']],
  ['copied from a stage by number', 'FROM b\nFROM a\nCOPY --from=0 /x /x\n', ['a', 'b']],
  ['mounted', 'FROM a\nRUN --mount=type=bind,from=t:1,target=/t x\n', ['a', 't:1']],
  ['the same twice', 'FROM a AS x\nFROM a\nCOPY --from=x / /\n', ['a']],
  ['of two stages of one name the nearest', 'FROM a AS s\nFROM b AS s\nFROM s', ['b']],
  ['a stage named like its image', 'FROM alpine AS alpine\nFROM alpine', ['alpine']],
  ['comments and continuations', '# c\nFROM \\\n  # within\n\n  alpine\n', ['alpine']],
  ['a continuation at the end', 'FROM alpine \\', ['alpine']],
  ['other escape', '# escape=`\nFROM `\nalpine\nCOPY a C:\\\nRUN x', ['alpine']],
  ['a directive that is another', '# syntax=docker/dockerfile:1\nFROM a', ['a']],
  ['byte order mark and CRLF', '\uFEFFFROM a\r\nRUN x\r\n', ['a']],
  ['here-document', 'FROM a\nRUN <<EOF\nFROM b\nEOF\nCOPY --from=c / /', ['a', 'c']],
  [
    'here-document with tabs',
    "FROM a\nCOPY <<-'E' /f\n\tFROM b\n\tE\nCOPY --from=c / /",
    ['a', 'c'],
  ],
  ['a shift is no here-document', 'FROM a\nRUN echo $((1<<N))\nCOPY --from=c / /', ['a', 'c']],
  ['quoted', 'FROM "alpine:3"', ['alpine:3']],
  ['nothing', '', []],
  ['before any FROM', 'RUN x\nCOPY --from=a / /\n', []],
  ['no words', '123\nFROM\nFROM a', ['a']],
])('%s', (_, text, expected) => {
  expect(images(text)).toEqual(expected);
});

test.each<[string, string, Readonly<Record<string, string>>, readonly string[]]>([
  ['a default', 'ARG V=3\nFROM a:$V', {}, ['a:3']],
  ['a declared value', 'ARG V=3\nFROM a:${V}', { V: '4' }, ['a:4']],
  ['an empty declared value', 'ARG V=3\nFROM a$V', { V: '' }, ['a']],
  ['one of another', 'ARG V=3\nARG I="a:$V"\nFROM ${I}', {}, ['a:3']],
  ['several in a line', 'ARG A=1 B=2\nFROM x:$A-$B', {}, ['x:1-2']],
  ['only what ARG declares', 'FROM a:${V:-none}', { V: '4' }, ['a:none']],
  ['not of a stage', 'FROM a\nARG V=2\nFROM b:${V-1}', {}, ['b:1']],
  ['without a value', 'ARG V\nFROM a:${V:-d}', {}, ['a:d']],
  ['alternatives', 'ARG V=1\nFROM a${V:+-slim}${W:+x}${W+y}${V+z}', {}, ['a-slimz']],
  ['empty is unset for the colon', 'ARG V=\nFROM a${V:-1}${V-2}', {}, ['a1']],
  ['nested', 'ARG V=1\nFROM a:${W:-${V}}', {}, ['a:1']],
  ['single quotes keep', "ARG V='a$b'\nFROM x:${V}", {}, ['x:a$b']],
  ['escaped', 'FROM a\\$b', {}, ['a$b']],
  ['a lone dollar', 'FROM a$', {}, ['a$']],
  ['a form that is unknown', 'FROM ${V#x}\nFROM a', {}, ['a']],
  ['an open quote', 'FROM "a\nFROM b', {}, ['b']],
  ['an open single quote', "FROM 'a\nFROM b", {}, ['b']],
  ['an open alternative', 'FROM ${V:-"a}\nFROM b', {}, ['b']],
])('variables: %s', (_, text, args, expected) => {
  expect(images(text, args)).toEqual(expected);
});

test('a target needs its own stages only', () => {
  const text = 'FROM a AS one\nFROM b AS two\nCOPY --from=one / /\nFROM c AS three\n';
  expect(images(text, {}, 'one')).toEqual(['a']);
  expect(images(text, {}, 'TWO')).toEqual(['b', 'a']);
  expect(images(text, {}, '2')).toEqual(['c']);
  expect(images(text, {}, 'none')).toEqual([]);
});

test('each platform may have its own base', () => {
  const text = 'FROM base-${TARGETARCH}${TARGETVARIANT}\nCOPY --from=tools:$TARGETOS / /\n';
  const platforms = ['linux/amd64', 'linux/arm/v7'];
  expect(images(text, {}, undefined, platforms)).toEqual([
    'base-amd64',
    'tools:linux',
    'base-armv7',
  ]);
  const [own] = images('FROM base-${TARGETARCH}');
  expect(own).toMatch(/^base-[a-z0-9]+$/);
});
