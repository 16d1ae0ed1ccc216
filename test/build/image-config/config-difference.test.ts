import {
  type BuiltConfig,
  configDifference,
  parseInspect,
  platformDifference,
  stageChain,
} from '../../../src/build/image-config';

const config = (further: Partial<BuiltConfig> = {}): BuiltConfig => ({
  os: 'linux',
  architecture: 'amd64',
  variant: undefined,
  exposedPorts: [],
  entrypoint: [],
  cmd: [],
  shell: [],
  healthcheck: {},
  ...further,
});

const differenceOf = (lines: string, built: Partial<BuiltConfig>) =>
  configDifference(stageChain(`FROM image\n${lines}\n`, {}, undefined), config(built));

describe('the config of a built image', () => {
  test.each(['9000-9002/tcp', '53/UDP', '80801/tcp', '80/http'])(
    'the port %s is refused where the Dockerfile exposes ports',
    (port) => {
      expect(differenceOf('EXPOSE x', { exposedPorts: ['80/tcp', port] })).toContain(
        `EXPOSE became \`${port}\``,
      );
      // Else it is the base image's, and every builder inherits it.
      expect(differenceOf('ENV a=b', { exposedPorts: [port] })).toBeUndefined();
    },
  );

  test('a command in shell form must have the shell that was in force', () => {
    const cmd = ['/bin/sh', '-c', 'a'];
    const shell = 'SHELL ["/bin/sh", "-ec"]';
    expect(differenceOf(`${shell}\nCMD a`, { cmd })).toContain('CMD ["/bin/sh","-ec","..."]');
    expect(differenceOf(`${shell}\nENTRYPOINT a`, { entrypoint: cmd })).toContain('ENTRYPOINT');
    expect(differenceOf('CMD a', { cmd, shell: ['/bin/sh', '-ec'] })).toContain('CMD');
    expect(differenceOf(`${shell}\nCMD a`, { cmd: ['/bin/sh', '-ec', 'a'] })).toBeUndefined();
    expect(differenceOf(`${shell}\nCMD ["/bin/sh", "-c", "a"]`, { cmd })).toBeUndefined();
    expect(differenceOf(`CMD a\n${shell}`, { cmd, shell: ['/bin/sh', '-ec'] })).toBeUndefined();
    expect(differenceOf('CMD a', { cmd })).toBeUndefined();
    expect(differenceOf('CMD a', { cmd, shell: undefined })).toBeUndefined();
    expect(differenceOf(`${shell}\nCMD a\nENTRYPOINT ["b"]`, { cmd: [] })).toBeUndefined();
  });

  test('a health check must be there, with the options of the Dockerfile alone', () => {
    const healthcheck = { Test: ['CMD', 'a'], Interval: 7, Retries: 2 };
    expect(differenceOf('HEALTHCHECK CMD a', {})).toContain('dropped');
    expect(differenceOf('HEALTHCHECK --interval=7s CMD a', { healthcheck })).toContain('--retries');
    expect(
      differenceOf('HEALTHCHECK --retries=2 --interval=7s CMD a', { healthcheck }),
    ).toBeUndefined();
    expect(differenceOf('HEALTHCHECK none', { healthcheck })).toBeUndefined();
    expect(differenceOf('ENV a=b', { healthcheck })).toBeUndefined();
  });
});

test('the platform is compared with the names that platforms have', () => {
  const difference = (platform: string, built: Partial<BuiltConfig>) =>
    platformDifference(platform, config(built));
  expect(difference('linux/amd64', {})).toBeUndefined();
  expect(difference('linux/x86_64', {})).toBeUndefined();
  expect(difference('linux/arm64', { architecture: 'arm64', variant: 'v8' })).toBeUndefined();
  expect(difference('linux/arm/v6', { architecture: 'arm' })).toBeUndefined();
  expect(difference('linux/arm64', {})).toContain('linux/amd64 was built although linux/arm64');
  expect(difference('windows/amd64', {})).toContain('linux/amd64');
  expect(difference('linux/arm/v6', { architecture: 'arm', variant: 'v7' })).toContain('arm/v7');
  expect(difference('linux/arm', { architecture: 'arm', variant: 'v6' })).toContain('arm/v6');
});

describe('what the tools print of an image', () => {
  const settings = { ExposedPorts: { '80/tcp': {} }, Cmd: ['a'], Entrypoint: null };

  test('docker', () => {
    const config = { ...settings, Shell: ['s'], Healthcheck: { Retries: 1 } };
    const printed = [{ Os: 'linux', Architecture: 'arm', Variant: 'v7', Config: config }];
    expect(parseInspect(JSON.stringify(printed))).toEqual({
      os: 'linux',
      architecture: 'arm',
      variant: 'v7',
      exposedPorts: ['80/tcp'],
      entrypoint: [],
      cmd: ['a'],
      shell: ['s'],
      healthcheck: { Retries: 1 },
    });
  });

  test('buildah nests it', () => {
    const config = { ...settings, Shell: ['s'], Healthcheck: { Retries: 1 } };
    const printed = { Docker: { os: 'linux', architecture: 'amd64', config }, Config: '{}' };
    expect(parseInspect(JSON.stringify(printed))).toMatchObject({
      architecture: 'amd64',
      shell: ['s'],
      cmd: ['a'],
    });
  });

  test.each([
    ['SHELL [/bin/sh -ec]', ['/bin/sh', '-ec']],
    ['/bin/sh -c #(nop) SHELL ["/bin/sh", "-ec"]', ['/bin/sh', '-ec']],
    ['/bin/sh -c #(nop)  SHELL [/bin/sh -ec]', ['/bin/sh', '-ec']],
    ['RUN echo SHELL []', undefined],
  ])('podman has the shell in its history: %s', (created_by, shell) => {
    const History = [{ created_by: 'busybox' }, { created_by }, {}];
    const printed = [{ Os: 'linux', Architecture: 'amd64', Config: {}, History }];
    expect(parseInspect(JSON.stringify(printed))?.shell).toEqual(shell);
  });

  test.each(['', 'null', '[]', '[1]', '{}', '{"Config": 1}'])('%j is rejected', (text) => {
    expect(parseInspect(text)).toBeUndefined();
  });
});
