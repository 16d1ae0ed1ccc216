import type { Problem } from '../error';
import { checkKeyless } from './keyless-check';
import { checkServices, checkTransparency } from './services-check';
import {
  type IsUnknown,
  type Report,
  type SigningInputs,
  type UnknownProperties,
  unknownIn,
} from './signing-inputs';

function checkSigner({ key, keyless }: SigningInputs, isUnknown: IsUnknown, report: Report): void {
  if (isUnknown('key', 'keyless')) return;
  if (key === undefined && keyless === undefined) {
    report('key', 'no signer is configured: set exactly one of key and keyless');
  }
  if (key !== undefined && keyless !== undefined) {
    report('keyless', 'two signers are configured: set exactly one of key and keyless');
  }
}

/** Returns everything that is wrong with the inputs, without reading files or sending requests. */
export function signingInputProblems(
  config: SigningInputs,
  unknown: UnknownProperties = new Set(),
): Problem[] {
  const problems: Problem[] = [];
  const report: Report = (property, message) => {
    problems.push({ property, code: 'INPUT_INVALID', message });
  };
  const isUnknown = unknownIn(unknown);
  checkSigner(config, isUnknown, report);
  checkServices(config, isUnknown, report);
  checkTransparency(config, isUnknown, report);
  if (config.keyless !== undefined) checkKeyless(config.keyless, isUnknown, report);
  return problems;
}
