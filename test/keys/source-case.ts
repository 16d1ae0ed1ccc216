import type { RunningSigstore } from '../../dev/sigstore';
import type { SigningInputs, SigningHost } from '../../src/sign';

/** What a key source or an identity was tried against. */
export type Against = 'real' | 'emulator' | 'double';

/** A running key source. */
export interface RunningSource {
  /** What a user declares. Without `sigstore`, the services of dev/sigstore are taken for keyless ones. */
  readonly config: SigningInputs;
  /** Added to an environment that is otherwise empty but for PATH and HOME. */
  readonly env: NodeJS.ProcessEnv;
  /** Further files or networks besides the environment, if the source needs them. */
  readonly host?: Partial<SigningHost>;
  /**
   * The same source for cosign, if cosign supports it: `--key` and its environment.
   * cosign then signs with it too, and we verify.
   */
  readonly cosign?: {
    readonly key: string;
    readonly env: NodeJS.ProcessEnv;
    /** Path of another cosign than the usual one, for what that was built without. */
    readonly program?: string;
  };
  /** How a verifier refers to the public key (`verify.keys`), if the source has it too. */
  readonly publicRef?: string;
  /** Further flags of `cosign verify`. */
  readonly verifyFlags?: readonly string[];
  /** Keyless: the identity in the certificate. */
  readonly identity?: { readonly identity: string; readonly issuer: string };
  stop(): Promise<void>;
}

/** One line of `npm run test:keys`. */
export interface SourceCase {
  /** The reference or the provider, without values: `awskms:// (alias)`, `gitlab-ci`. */
  readonly source: string;
  readonly against: Against;
  start(services: CaseServices): Promise<RunningSource>;
}

/** What the runner has up already. */
export interface CaseServices {
  /** The OIDC issuer, Fulcio, Rekor and timestamp authority of dev/sigstore. */
  readonly sigstore: RunningSigstore;
}
