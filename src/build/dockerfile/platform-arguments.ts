const ARCHITECTURES: Readonly<Record<string, string>> = {
  x64: 'amd64',
  ia32: '386',
  ppc64: 'ppc64le',
};

/** Of the builder, which is taken to be this machine. */
export function machinePlatform(): string {
  return `linux/${ARCHITECTURES[process.arch] ?? process.arch}`;
}

/** Names by which BuildKit knows an architecture too. */
const ALIASES: Readonly<Record<string, string>> = {
  ...{ x86_64: 'amd64', 'x86-64': 'amd64', i386: '386', aarch64: 'arm64' },
  ...{ armhf: 'arm', armel: 'arm/v6' },
};

/** The variants that an architecture has when none is named; these are not spelled. */
const USUAL: Readonly<Record<string, string>> = { amd64: 'v1', arm64: 'v8' };

/** `os/arch[/variant]` in the form that BuildKit uses: `linux/aarch64/v8` is `linux/arm64`. */
export function normalizedPlatform(platform: string): string {
  const [system = '', written = '', given = ''] = platform.toLowerCase().split('/');
  const alias = Object.hasOwn(ALIASES, written) ? ALIASES[written] : undefined;
  const [architecture = '', implied = ''] = (alias ?? written).split('/');
  const variant = variantOf(architecture, given === '' ? implied : given);
  const os = system === 'macos' ? 'darwin' : system;
  return variant === '' ? `${os}/${architecture}` : `${os}/${architecture}/${variant}`;
}

function variantOf(architecture: string, given: string): string {
  const variant = /^[0-9]/.test(given) ? `v${given}` : given;
  if (architecture === 'arm') return variant === '' ? 'v7' : variant;
  return variant === USUAL[architecture] ? '' : variant;
}

/**
 * https://docs.docker.com/reference/dockerfile/#automatic-platform-args-in-the-global-scope
 *
 * @param stage - The name of the stage that is built.
 */
export function platformArguments(
  platform: string,
  builder: string,
  stage: string,
): Readonly<Record<string, string>> {
  const of = (prefix: string, value: string): Record<string, string> => {
    const [os = '', architecture = '', variant = ''] = value.split('/');
    return {
      [`${prefix}PLATFORM`]: value,
      [`${prefix}OS`]: os,
      [`${prefix}OSVERSION`]: '',
      [`${prefix}ARCH`]: architecture,
      [`${prefix}VARIANT`]: variant,
    };
  };
  return {
    ...of('TARGET', normalizedPlatform(platform)),
    ...of('BUILD', normalizedPlatform(builder)),
    TARGETSTAGE: stage === '' ? 'default' : stage,
  };
}
