import {
  unsupportedByClassicDocker,
  unsupportedByImagebuilder,
} from '../../../src/build/image-config';

const reading = (dockerfile: string, args: Readonly<Record<string, string>> = {}) => ({
  dockerfile,
  args,
});

test('the classic docker builder leaves the platform arguments empty', () => {
  const dockerfile = 'FROM a AS build\nARG TARGETARCH\nRUN make\nFROM b\nCOPY --from=build /a /a\n';
  expect(unsupportedByClassicDocker(reading(dockerfile))).toContain('build.args.TARGETARCH');
  expect(unsupportedByClassicDocker(reading(dockerfile, { TARGETARCH: 'arm64' }))).toBeUndefined();
  expect(unsupportedByClassicDocker(reading('FROM a\nARG TARGET\n'))).toBeUndefined();
  expect(unsupportedByImagebuilder(reading(dockerfile))).toBeUndefined();
});

test('a proxy that the Dockerfile does not declare would get into the config', () => {
  const args = { HTTP_PROXY: 'http://proxy' };
  for (const unsupported of [unsupportedByClassicDocker, unsupportedByImagebuilder]) {
    expect(unsupported(reading('FROM a\nENV A=${HTTP_PROXY}\n', args))).toContain('HTTP_PROXY');
    expect(unsupported(reading('FROM a\nLABEL a=$HTTP_PROXY\n', args))).toContain('LABEL');
    expect(
      unsupported(reading('FROM a\nARG HTTP_PROXY\nENV A=$HTTP_PROXY\n', args)),
    ).toBeUndefined();
    expect(unsupported(reading('FROM a\nENV A=$HTTP_PROXY_X\n', args))).toBeUndefined();
    expect(unsupported(reading('FROM a\nRUN echo $HTTP_PROXY\n', args))).toBeUndefined();
    expect(unsupported(reading('FROM a\nENV A=$HTTP_PROXY\n'))).toBeUndefined();
  }
});

test('podman and buildah use the escape directive for continuations only', () => {
  expect(unsupportedByImagebuilder(reading('# escape=`\nFROM a\n'))).toContain('# escape=`');
  expect(unsupportedByImagebuilder(reading('# escape=\\\nFROM a\n'))).toBeUndefined();
  expect(unsupportedByClassicDocker(reading('# escape=`\nFROM a\n'))).toBeUndefined();
});

test.each([
  ['ENV A=$$', '$$'],
  ['LABEL a="costs 5$!"', '$!'],
])('podman and buildah keep the parameters of a shell: %s', (line, parameter) => {
  expect(unsupportedByImagebuilder(reading(`FROM a\n${line}\n`))).toContain(`\`${parameter}\``);
});

test.each(['ENV A=\\$$A', "ENV PS1='$$ '", 'RUN echo $$', 'ENV A=$A B=${B} C=$1', 'CMD echo $$'])(
  'nothing is wrong with %s',
  (line) => {
    expect(unsupportedByImagebuilder(reading(`FROM a\n${line}\n`))).toBeUndefined();
  },
);
