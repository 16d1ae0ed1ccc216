const ARCHITECTURES: Readonly<Record<string, string>> = {
  x64: 'amd64',
  ia32: '386',
  ppc64: 'ppc64le',
};

/** Returns the platform of the builder, which is assumed to be that of this machine. */
export function machinePlatform(): string {
  return `linux/${ARCHITECTURES[process.arch] ?? process.arch}`;
}

/** Aliases of architectures in BuildKit. */
const ALIASES: Readonly<Record<string, string>> = {
  ...{ x86_64: 'amd64', 'x86-64': 'amd64', i386: '386', aarch64: 'arm64' },
  ...{ armhf: 'arm', armel: 'arm/v6' },
};

/** The default variants of architectures, which are omitted. */
const DEFAULT_VARIANTS: Readonly<Record<string, string>> = { amd64: 'v1', arm64: 'v8' };

/** Normalizes `os/arch[/variant]` like BuildKit: `linux/aarch64/v8` becomes `linux/arm64`. */
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
  return variant === DEFAULT_VARIANTS[architecture] ? '' : variant;
}

/**
 * Returns the predefined platform arguments.
 *
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
