import {
  FILE_PROVIDERS,
  IDENTITY_PROVIDERS,
  type IdentityProviderName,
  INTERACTIVE_PROVIDERS,
  type KeylessConfig,
  VARIABLE_PROVIDERS,
} from '../identity';
import { serviceUrlFault } from '../http/service-url';
import type { IsUnknown, Report } from './signing-inputs';

/** A token where its location is expected: it must not be repeated, and would be stored if accepted. */
const TOKEN_PATTERN = /^\s*eyJ[\w-]+\./;
const ENV_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

function checkTokenSources(
  { tokenFile, tokenEnv }: KeylessConfig,
  isUnknown: IsUnknown,
  report: Report,
): void {
  if (tokenFile !== undefined && !isUnknown('keyless.tokenFile')) {
    if (TOKEN_PATTERN.test(tokenFile)) {
      report(
        'keyless.tokenFile',
        'must be the path of a file with the token, not the token itself',
      );
    } else if (tokenFile.trim() === '') {
      report('keyless.tokenFile', 'is empty');
    }
  }
  if (tokenEnv !== undefined && !isUnknown('keyless.tokenEnv') && !ENV_NAME.test(tokenEnv)) {
    report('keyless.tokenEnv', 'must be the name of an environment variable');
  }
}

/** Reports properties that the selected provider does not use, as the user expects them to be used. */
function checkUnused(
  { tokenFile, tokenEnv, interactive }: KeylessConfig,
  provider: IdentityProviderName,
  report: Report,
): void {
  const unused = (member: string): void =>
    report(`keyless.${member}`, `is not used by the provider "${provider}"; leave one of them out`);
  if (tokenFile !== undefined && tokenEnv !== undefined) {
    report('keyless.tokenEnv', 'contradicts keyless.tokenFile: set one of them');
  } else if (tokenFile !== undefined && !FILE_PROVIDERS.includes(provider)) {
    unused('tokenFile');
  } else if (tokenEnv !== undefined && !VARIABLE_PROVIDERS.includes(provider)) {
    unused('tokenEnv');
  }
  if (interactive !== undefined && provider !== 'auto') unused('interactive');
}

function checkIssuer(
  { issuer, interactive }: KeylessConfig,
  provider: IdentityProviderName,
  report: Report,
): void {
  if (issuer === undefined) return;
  if (issuer.trim() === '') report('keyless.issuer', 'is empty');
  const isSignIn = [provider, interactive].some((name) => name === 'browser' || name === 'device');
  // Users sign in at this address; for existing tokens it is only compared.
  const fault = isSignIn ? serviceUrlFault(issuer, { carriesSecret: true }) : undefined;
  if (fault !== undefined) report('keyless.issuer', fault);
}

/** Reports what is wrong with the `keyless` inputs, without reading files or sending requests. */
export function checkKeyless(keyless: KeylessConfig, isUnknown: IsUnknown, report: Report): void {
  if (isUnknown('keyless')) return;
  checkTokenSources(keyless, isUnknown, report);
  const { provider = 'auto', interactive, clientId } = keyless;
  if (clientId?.trim() === '') report('keyless.clientId', 'is empty; leave it out for "sigstore"');
  if (interactive !== undefined && !INTERACTIVE_PROVIDERS.includes(interactive)) {
    report('keyless.interactive', `must be one of ${INTERACTIVE_PROVIDERS.join(', ')}`);
  }
  if (isUnknown('keyless.provider')) return;
  if (!IDENTITY_PROVIDERS.includes(provider)) {
    report('keyless.provider', `must be one of ${IDENTITY_PROVIDERS.join(', ')}`);
  }
  checkUnused(keyless, provider, report);
  if (!isUnknown('keyless.issuer', 'keyless.interactive')) checkIssuer(keyless, provider, report);
}
