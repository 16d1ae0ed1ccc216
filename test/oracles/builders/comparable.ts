import type { PushedConfig } from '../../builders/support/image';

/**
 * What the container of the build was called and had attached, and `ArgsEscaped`, which Windows
 * reads only. None is a setting of a Dockerfile.
 */
const NOT_OF_THE_DOCKERFILE = new Set([
  'Hostname',
  'Domainname',
  'AttachStdin',
  'AttachStdout',
  'AttachStderr',
  'Tty',
  'OpenStdin',
  'StdinOnce',
  'Image',
  'ArgsEscaped',
]);

/** The settings of a config, so that equal meanings compare as equal. */
export function comparable(image: PushedConfig): Readonly<Record<string, unknown>> {
  const { author = '', os, architecture, config } = image;
  const settings = Object.entries(config)
    .filter(([name]) => !NOT_OF_THE_DOCKERFILE.has(name))
    .map(([name, value]) => [name, meaningOf(name, value)] as const)
    .filter(([, value]) => value !== undefined)
    .sort(([one], [other]) => (one < other ? -1 : 1));
  return { author, os, architecture, ...Object.fromEntries(settings) };
}

function meaningOf(name: string, value: unknown): unknown {
  if (value === null || value === '' || value === false) return undefined;
  if (name === 'WorkingDir' && value === '/') return undefined;
  if (Array.isArray(value)) return value.length === 0 ? undefined : value;
  if (typeof value !== 'object') return value;
  const { Test: check } = value as { readonly Test?: unknown };
  // A disabled check does not have an interval.
  if (name === 'Healthcheck' && Array.isArray(check) && check[0] === 'NONE') return { Test: check };
  const entries = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}
