import type { BuiltConfig } from './built-config';

/** https://github.com/containerd/platforms/blob/main/database.go: names of the same architecture. */
const ARCHITECTURES: Readonly<Record<string, string>> = {
  x86_64: 'amd64',
  'x86-64': 'amd64',
  aarch64: 'arm64',
  i386: '386',
  armhf: 'arm',
  armel: 'arm',
};

/** Variants that are the architecture's own, and therefore often left out. */
const DEFAULT_VARIANTS: Readonly<Record<string, string>> = { arm64: 'v8', arm: 'v7', amd64: 'v1' };

/**
 * Whether a built image is for another platform than the declared one.
 *
 * @param platform - `os/arch[/variant]`
 * @returns what was built instead
 */
export function platformDifference(platform: string, built: BuiltConfig): string | undefined {
  const [os = '', name = '', variant] = platform.split('/');
  const architecture = ARCHITECTURES[name] ?? name;
  const isSame =
    os === built.os &&
    architecture === built.architecture &&
    sameVariant(variant ?? DEFAULT_VARIANTS[architecture], built);
  if (isSame) return undefined;
  const shown = [built.os, built.architecture, built.variant].filter(Boolean).join('/');
  return `an image for ${shown} was built though ${platform} was declared`;
}

/** Not every builder records a variant; one that is recorded must be the right one. */
function sameVariant(declared: string | undefined, built: BuiltConfig): boolean {
  return declared === undefined || built.variant === undefined || declared === built.variant;
}
