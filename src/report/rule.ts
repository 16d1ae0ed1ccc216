import { publicKeyFromPem } from '../key/public-key';
import { shownReference } from '../key/shown-reference';
import { defined } from './image-facts';
import { isSecret, listAt, objectAt, pairsAt, textAt } from './json-access';
import type { ReportedRule } from './model';
import type { StackResource } from './stack-export';

/** Returns the id of a PEM key, otherwise the reference without its secrets. */
function shownKey(value: unknown): string {
  if (isSecret(value)) return '(secret)';
  if (typeof value !== 'string') return 'unknown key';
  if (!value.includes('-----BEGIN')) return shownReference(value);
  try {
    return publicKeyFromPem(value).keyId;
  } catch {
    return shownReference(value);
  }
}

/** A pattern is written between slashes. */
function shownIdentity(each: unknown): ReportedRule['identities'][number] {
  const side = (name: string): string => {
    const pattern = textAt(each, `${name}Pattern`);
    return textAt(each, name) ?? (pattern === undefined ? '(secret)' : `/${pattern}/`);
  };
  const patterns = Object.entries(pairsAt(each, 'claimPatterns')).map(
    ([name, pattern]) => [name, `/${pattern}/`] as const,
  );
  const claims = { ...pairsAt(each, 'claims'), ...Object.fromEntries(patterns) };
  return {
    identity: side('identity'),
    issuer: side('issuer'),
    ...(Object.keys(claims).length > 0 && { claims }),
  };
}

/** Returns the rule of a `VerifiedImage`, from its inputs. */
export function ruleOf({ name, inputs }: StackResource): ReportedRule {
  const identities = listAt(inputs, 'identities').map(shownIdentity);
  const trustedKeys = listAt(inputs, 'trustedKeys').map((each) =>
    defined<ReportedRule['trustedKeys'][number]>({
      key: shownKey(isSecret(each) ? each : objectAt({ each }, 'each')['key']),
      notBefore: textAt(each, 'notBefore'),
      notAfter: textAt(each, 'notAfter'),
    }),
  );
  const expected = objectAt(inputs, 'provenance');
  return {
    resource: name,
    keys: listAt(inputs, 'keys').map(shownKey),
    trustedKeys,
    identities,
    annotations: pairsAt(inputs, 'annotations'),
    format: textAt(inputs, 'format') ?? 'any',
    transparency: textAt(inputs, 'transparency') ?? (identities.length > 0 ? 'log' : 'none'),
    ...(Object.hasOwn(inputs, 'provenance') &&
      inputs['provenance'] !== null && { provenance: expectationOf(expected) }),
    platforms: inputs['platforms'] !== false,
  };
}

function expectationOf(expected: unknown): Readonly<Record<string, string>> {
  const { externalParameters, ...members } = pairsAt({ expected }, 'expected');
  // Its text can be long, and the provenance has it.
  return {
    ...members,
    ...(externalParameters !== undefined && {
      externalParameters: 'equal to those of the signed statement',
    }),
  };
}
