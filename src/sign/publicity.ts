import { SignedImageError } from '../error';
import type { SigningHost } from './signing-host';
import { repositoryVisibility } from './repository-visibility';
import { isPublicService } from '../http/service-url';
import type { SigningInputs, SigningServices } from './signing-inputs';

/** What a signature would make known to everybody, and for good. */
interface Publicity {
  readonly where: string;
  readonly what: string;
}

/** The public Fulcio writes every certificate into a public log of certificates, log or no log. */
function publicityOf(
  { keyless }: SigningInputs,
  { fulcioUrl, transparency }: SigningServices,
): Publicity | undefined {
  const certificate = keyless !== undefined;
  const certified = fulcioUrl !== undefined && certificate && isPublicService(fulcioUrl);
  if (transparency !== 'public' && !certified) return undefined;
  return {
    where: transparency === 'public' ? 'a public transparency log' : 'a public certificate log',
    what: certificate
      ? 'the names of the repository, its branch and its workflow, and when it was signed'
      : 'the public key, digests of what is signed, and when it was signed',
  };
}

export interface PublicityOptions {
  /** Claims of the identity token, where one is at hand. */
  readonly claims?: Readonly<Record<string, unknown>>;
  /** Told once where nothing says whether the repository is public. Default: nobody. */
  readonly warn?: ((line: string) => void) | undefined;
}

const warned = new WeakSet<SigningHost>();

/**
 * Asks for an explicit yes before a private repository leaves traces in public.
 *
 * @throws SignedImageError `INPUT_INVALID` on `transparency`, where the CI system or the token says
 *   that the repository is private and `sigstore.confirmPublic` is not set
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
  const { where, what } = publicity;
  if (visibility === 'private') {
    throw new SignedImageError({
      code: 'INPUT_INVALID',
      property: 'transparency',
      message:
        `the repository is private, and signing would write to ${where}, for everybody and for good: ${what}. ` +
        'If that may be known, set sigstore.confirmPublic to true; if not, sign with a key and transparency "none", or name services of your own (sigstore.fulcioUrl, sigstore.rekorUrl)',
    });
  }
  if (visibility === 'public' || warn === undefined || warned.has(host)) return;
  warned.add(host);
  warn(
    `signing writes to ${where}, for everybody and for good: ${what}. Nothing here says whether the repository is public; ` +
      'set sigstore.confirmPublic to true if that may be known, or transparency to "none" with a key if not',
  );
}
