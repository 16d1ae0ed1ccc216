export { PACKAGE_VERSION } from '../host/package-version';

/** Name of the Pulumi package: the part of every type token before the first colon. */
export const PACKAGE_NAME = 'signed-image';

/** `signed-image:index:<name>`. */
export function token(name: string): string {
  return `${PACKAGE_NAME}:index:${name}`;
}

/** Type of the provider resource of this package. */
export function providerType(): string {
  return `pulumi:providers:${PACKAGE_NAME}`;
}
