import { SignedImageError } from '../error';
import type { SigningHost } from './signing-host';
import { repositoryVisibility } from './repository-visibility';
import { isPublicService } from '../http/service-url';
import type { SigningInputs, SigningServices } from './signing-inputs';

/** The data that a signature would publish permanently. */
interface Publicity {
  readonly where: string;
  readonly content: string;
}

/** The public Fulcio writes every certificate to a public certificate log, also without a Rekor log. */
function publicityOf(
  { keyless }: SigningInputs,
  { fulcioUrl, transparency }: SigningServices,
): Publicity | undefined {
  const certificate = keyless !== undefined;
  const certified = fulcioUrl !== undefined && certificate && isPublicService(fulcioUrl);
  if (transparency !== 'public' && !certified) return undefined;
  return {
    where: transparency === 'public' ? 'a public transparency log' : 'a public certificate log',
    content: certificate
      ? 'the names of the repository, its branch and its workflow, and the signing time'
      : 'the public key, the digests of the signed content, and the signing time',
  };
}

export interface PublicityOptions {
  /** Claims of the identity token, if available. */
  readonly claims?: Readonly<Record<string, unknown>>;
  /** Called once if the visibility of the repository is unknown. Default: no warning. */
  readonly warn?: ((line: string) => void) | undefined;
}

const warned = new WeakSet<SigningHost>();

/**
 * Requires an explicit confirmation before signing publishes data about a private repository.
 *
 * @throws SignedImageError `INPUT_INVALID` on `transparency` if the repository is private according
 *   to the CI system or the token, and `sigstore.confirmPublic` is not set
 */
export async function checkPublicity(
  config: SigningInputs,
  services: SigningServices,
  host: SigningHost,
  { claims, warn }: PublicityOptions = {},
): Promise<void> {
  const publicity = publicityOf(config, services);
  if (publicity === undefined || config.sigstore?.confirmPublic === true) return;
  const visibility = await repositoryVisibility(host, claims);
  const { where, content } = publicity;
  if (visibility === 'private') {
    throw new SignedImageError({
      code: 'INPUT_INVALID',
      property: 'transparency',
      message:
        `the repository is private, and signing would publish permanently in ${where}: ${content}. ` +
        'If that may be public, set sigstore.confirmPublic to true; if not, sign with a key and transparency "none", or configure your own services (sigstore.fulcioUrl, sigstore.rekorUrl)',
    });
  }
  if (visibility === 'public' || warn === undefined || warned.has(host)) return;
  warned.add(host);
  warn(
    `signing publishes permanently in ${where}: ${content}. It is unknown whether the repository is public; ` +
      'set sigstore.confirmPublic to true if that may be public, or transparency to "none" with a key if not',
  );
}
