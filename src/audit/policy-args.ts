import { InvalidInputError, type Problem } from '../error';
import { problemsOf } from '../error/signed-image-error';
import { loadInstanceRoot, loadPublicKey, type PublicKey, type SigningHost } from '../sign';
import type {
  ProvenanceExpectation,
  Transparency,
  TrustedIdentity,
  VerificationPolicy,
} from '../verify';

/** What every image must meet, in the words of `VerifiedImage`. */
export interface AuditPolicyArgs {
  /** Public keys to trust: PEM text, a path, or a reference (`k8s://`, `awskms://`, ...). */
  readonly keys?: readonly string[] | undefined;
  /** Keyless signers to trust; at least one key or identity. */
  readonly identities?: readonly TrustedIdentity[] | undefined;
  /** Pairs that must be signed. */
  readonly annotations?: Readonly<Record<string, string>> | undefined;
  /** Default: `any`. */
  readonly format?: 'any' | 'bundle' | 'legacy' | 'both' | undefined;
  /** Default: `log` where an identity is trusted, else `none`. */
  readonly transparency?: Transparency | undefined;
  /** What the signed provenance must say; not looked at where absent. */
  readonly provenance?: ProvenanceExpectation | undefined;
  /** Whether every platform manifest of an index must be signed too. Default: true. */
  readonly platforms?: boolean | undefined;
  readonly sigstore?:
    | {
        /** A path or JSON text. Default: the public instance's. */
        readonly trustedRoot?: string | undefined;
        readonly clientTrustConfig?: string | undefined;
      }
    | undefined;
}

const FORMATS: readonly unknown[] = ['any', 'bundle', 'legacy', 'both'];
const TRANSPARENCIES: readonly unknown[] = ['log', 'timestamp', 'none'];

const isText = (value: unknown): boolean => typeof value === 'string' && value.trim() !== '';

function wordProblems({ format, transparency, identities = [] }: AuditPolicyArgs): Problem[] {
  const problems: Problem[] = [];
  const report = (property: string, message: string): void =>
    void problems.push({ property, code: 'INPUT_INVALID', message });
  if (format !== undefined && !FORMATS.includes(format)) {
    report('format', `must be one of ${FORMATS.join(', ')}`);
  }
  if (transparency !== undefined && !TRANSPARENCIES.includes(transparency)) {
    report('transparency', `must be one of ${TRANSPARENCIES.join(', ')}`);
  }
  if (transparency === 'none' && identities.length > 0) {
    report(
      'transparency',
      'a certificate is valid for minutes only: an identity needs `log` or `timestamp`',
    );
  }
  identities.forEach(({ identity, issuer }, index) => {
    if (!isText(identity) || !isText(issuer)) {
      report(
        `identities[${index}]`,
        'needs both `identity` and `issuer`, which must match exactly',
      );
    }
  });
  return problems;
}

/**
 * Loads keys and trust material.
 *
 * @throws InvalidInputError with all that is wrong, each on its property
 */
export async function loadAuditPolicy(
  args: AuditPolicyArgs,
  host: SigningHost,
): Promise<VerificationPolicy> {
  const { keys: refs = [], identities = [], sigstore, provenance } = args;
  const problems = wordProblems(args);
  if (refs.length === 0 && identities.length === 0) {
    const message = 'no signer is trusted: give at least one key or identity';
    problems.push({ property: 'keys', code: 'INPUT_INVALID', message });
  }
  const keys: PublicKey[] = [];
  for (const [index, ref] of refs.entries()) {
    const property = `keys[${index}]`;
    const load = async (): Promise<unknown> => keys.push(await loadPublicKey(ref, host, property));
    problems.push(...(await problemsOf(property, load)));
  }
  const keyless = identities.length > 0;
  const transparency = args.transparency ?? (keyless ? 'log' : 'none');
  const declared = sigstore?.trustedRoot ?? sigstore?.clientTrustConfig;
  let trustedRoot: VerificationPolicy['trustedRoot'];
  if (problems.length === 0 && (transparency !== 'none' || declared !== undefined)) {
    const load = async (): Promise<unknown> =>
      (trustedRoot = await loadInstanceRoot(sigstore, host));
    problems.push(...(await problemsOf('sigstore.trustedRoot', load)));
  }
  if (problems.length > 0) throw new InvalidInputError(problems);
  return {
    keys,
    identities,
    annotations: args.annotations ?? {},
    format: args.format ?? 'any',
    transparency,
    provenance,
    trustedRoot,
    platforms: args.platforms ?? true,
  };
}
