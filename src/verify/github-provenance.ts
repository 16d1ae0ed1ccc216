import { X509Certificate } from '@sigstore/core';

import { GITHUB_BUILD_TYPE } from '../attest/github-provenance';
import { isJsonObject } from '../oci/strict-json';
import { type Failure, failure } from './failure';

/** https://github.com/sigstore/fulcio/blob/main/docs/oid-info.md */
const FULCIO = '1.3.6.1.4.1.57264.1';
const EXTENSIONS = {
  signer: `${FULCIO}.9`,
  repository: `${FULCIO}.12`,
  commit: `${FULCIO}.13`,
  ref: `${FULCIO}.14`,
} as const;

/**
 * Checks that a statement of GitHub's build type has the claims of the certificate that signed it: they are those of
 * one identity token, and the certificate's are the ones that Fulcio verified. `undefined` if it does, if it has
 * another build type, or if a key signed it, whose owner is then who vouches for it.
 *
 * @param certificate - DER of the certificate, which is verified already; `undefined` for a key
 */
export function checkGithubProvenance(
  predicate: unknown,
  certificate: Buffer | undefined,
): Failure | undefined {
  const definition = member(predicate, 'buildDefinition');
  if (certificate === undefined || member(definition, 'buildType') !== GITHUB_BUILD_TYPE) {
    return undefined;
  }
  const claim = readExtensions(certificate);
  const workflow = member(member(definition, 'externalParameters'), 'workflow');
  const dependencies = member(definition, 'resolvedDependencies');
  const source: unknown = Array.isArray(dependencies) ? dependencies[0] : undefined;
  const builder = member(member(predicate, 'runDetails'), 'builder');
  const { signer, repository, commit, ref } = claim;
  const pairs: readonly (readonly [string, unknown, string | undefined])[] = [
    ['builder', member(builder, 'id'), signer],
    ['workflow repository', member(workflow, 'repository'), repository],
    ['source', member(source, 'uri'), repository && ref && `git+${repository}@${ref}`],
    ['commit', member(member(source, 'digest'), 'gitCommit'), commit],
  ];
  const wrong = pairs.find(([, stated, claimed]) => claimed === undefined || stated !== claimed);
  if (wrong === undefined) return undefined;
  const [name, stated, claimed] = wrong;
  return failure(
    'VERIFY_PROVENANCE_MISMATCH',
    claimed === undefined
      ? `it has the build type of GitHub Actions, but its certificate has no ${name} of a job`
      : `its ${name} is ${JSON.stringify(stated) ?? 'missing'}, but its certificate was issued for ${JSON.stringify(claimed)}`,
  );
}

type Claims = { readonly [name in keyof typeof EXTENSIONS]: string | undefined };

function readExtensions(der: Buffer): Claims {
  const certificate = X509Certificate.parse(Buffer.from(der));
  const read = (oid: string): string | undefined =>
    certificate.extension(oid)?.valueObj.subs[0]?.value.toString('utf8');
  const { signer, repository, commit, ref } = EXTENSIONS;
  return {
    signer: read(signer),
    repository: read(repository),
    commit: read(commit),
    ref: read(ref),
  };
}

function member(value: unknown, name: string): unknown {
  return isJsonObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
}
