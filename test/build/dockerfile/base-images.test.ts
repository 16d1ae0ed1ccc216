import { baseImages } from '../../../src/build';
import { fetchedImages } from '../../../src/build/dockerfile';

const read = (
  text: string,
  args: Readonly<Record<string, string>> = {},
  target?: string,
  platforms?: readonly string[],
) => baseImages(text, { args, target, platforms });

const images = (...args: Parameters<typeof read>) => read(...args).images;

test.each<[string, string, readonly string[]]>([
  ['one', 'FROM alpine:3.20\n', ['alpine:3.20']],
  ['lower case', 'from alpine as base\nrun x', ['alpine']],
  ['scratch is none', 'FROM scratch\n', []],
  ['with a platform', 'FROM --platform=$BUILDPLATFORM golang:1 AS b\n', ['golang:1']],
  ['by digest', `FROM a@sha256:${'0'.repeat(64)}`, [`a@sha256:${'0'.repeat(64)}`]],
  ['stages are none', 'FROM a AS One\nFROM one AS two\nFROM two\n', ['a']],
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
  ['a shift is not a here-document', 'FROM a\nRUN echo $((1<<N))\nCOPY --from=c / /', ['a', 'c']],
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
  ['without the shortest start', 'ARG V=v1.2\nFROM a:${V#v}', {}, ['a:1.2']],
  ['without the longest start', 'ARG V=x/y/z\nFROM a:${V##*/}', {}, ['a:z']],
  ['without the shortest end', 'ARG V=1.2.3\nFROM a:${V%.*}', {}, ['a:1.2']],
  ['without the longest end', 'ARG V=1.2.3\nFROM a:${V%%.*}', {}, ['a:1']],
  ['the first replaced', 'ARG V=1+2+3\nFROM a:${V/+/-}', {}, ['a:1-2+3']],
  ['all replaced', 'ARG V=1+2+3\nFROM a:${V//+/-}', {}, ['a:1-2-3']],
  ['a required one', 'ARG V=1\nFROM a:${V:?required}', {}, ['a:1']],
  ['one of the platform that is declared', 'FROM a:$TARGETARCH', { TARGETARCH: 'x' }, ['a:x']],
  ['a form that is unknown', 'FROM ${V^x}\nFROM a', {}, ['a']],
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
  const text = 'FROM base-${TARGETARCH}${TARGETVARIANT}\nCOPY --from=tools:1 / /\n';
  const platforms = ['linux/amd64', 'linux/arm/v7'];
  expect(images(text, {}, undefined, platforms)).toEqual(['base-amd64', 'tools:1', 'base-armv7']);
  const [own] = images('FROM base-${TARGETARCH}');
  expect(own).toMatch(/^base-[a-z0-9]+$/);
});

test('a stage with an unreadable base is still a stage', () => {
  const text = 'ARG V=1\nFROM reg.example/a:${V^^} AS b\nFROM c\nCOPY --from=b / /\n';
  expect(read(text)).toEqual({
    images: ['c'],
    problems: [expect.stringMatching(/^line 2: FROM reg\.example\/a:\$\{V\^\^\} cannot be read/)],
  });
});

test.each<[string, string, RegExp]>([
  ['an ARG', 'ARG V=${A^}\nFROM a', /line 1: ARG V cannot be read/],
  ['a required ARG that is not given', 'ARG V\nFROM a:${V:?canary-x}', /line 2.*V is required/],
  ['a FROM without an image', 'FROM\nFROM a', /line 1: FROM requires an image/],
  ['a FROM of nothing', 'FROM $V', /line 1: FROM \$V is empty/],
  ['a wrong stage name', 'FROM a AS 1x', /line 1: 1x is not the name of a stage/],
  [
    'a variable in COPY --from',
    'ARG V\nFROM a\nCOPY --from=$V / /',
    /line 3: the source of files of COPY/,
  ],
  [
    'a variable in RUN --mount',
    'FROM a\nRUN --mount=from=${V},target=/t x',
    /line 2: the source of files of RUN/,
  ],
  ['a number without a stage', 'FROM a\nCOPY --from=7 / /', /there is no stage 7/],
  ['a target that is not there', 'FROM a', /there is no stage missing/],
  ['a directive given twice', '# escape=`\n# escape=`\nFROM a', /escape is given twice/],
  ['a directive of a wrong value', '# escape=x\nFROM a', /escape must be/],
  [
    'a here-document without an end',
    'FROM a\nRUN <<EOF\nx',
    /line 2: a here-document does not end/,
  ],
  ['another frontend', '# syntax=x.example/front:1\nFROM a', /frontend x\.example\/front:1/],
])('%s is reported', (name, text, problem) => {
  const target = name.startsWith('a target') ? 'missing' : undefined;
  expect(read(text, {}, target).problems).toEqual([expect.stringMatching(problem)]);
});

test('a base that needs an ARG that cannot be read is not guessed', () => {
  const { images: found, problems } = read(
    'ARG V=${A^}\nFROM a:$V AS b\nFROM c\nCOPY --from=b / /',
  );
  expect(found).toEqual(['c']);
  expect(problems).toContainEqual(expect.stringMatching(/^line 2: FROM a:\$V uses an ARG/));
});

test('docker’s own frontends are accepted', () => {
  for (const syntax of ['docker/dockerfile:1', 'docker.io/docker/dockerfile:1.7-labs']) {
    expect(read(`# syntax=${syntax}\nFROM a`).problems).toEqual([]);
  }
});

test('what ONBUILD hands on counts for the stage that begins with it', () => {
  const text = 'FROM a AS p\nONBUILD COPY --from=t:1 / /\nFROM p\n';
  expect(images(text)).toEqual(['a', 't:1']);
  expect(images('FROM a AS p\nONBUILD COPY --from=t:1 / /\nFROM b\nCOPY --from=p / /')).toEqual([
    'b',
    'a',
  ]);
});

describe('what some builder may fetch', () => {
  test('are the images of all stages, needed or not', () => {
    const text = 'FROM unused AS u\nCOPY --from=t:1 / /\nFROM a\n';
    expect(fetchedImages(text)).toEqual(['unused', 't:1', 'a']);
    expect(fetchedImages('FROM scratch')).toEqual([]);
  });

  test.each([
    ['a base that cannot be read', 'FROM a:${V^}'],
    ['a source that cannot be read', 'FROM a\nCOPY --from=$V / /'],
    ['a here-document, which older builders read as instructions', 'FROM a\nRUN <<E\nFROM b\nE'],
    ['what ADD fetches', 'FROM a\nADD https://x.example/f /'],
    ['a repository that ADD fetches', 'FROM a\nONBUILD ADD git@x.example:y/z.git /'],
    ['another instruction that is handed on', 'FROM a\nONBUILD COPY --from=$V / /'],
  ])('is unknown with %s', (_, text) => {
    expect(fetchedImages(text)).toBeUndefined();
  });
});
