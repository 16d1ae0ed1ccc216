import type { RunningSigstore } from '../../dev/sigstore';
import type { SigningInputs, SigningHost } from '../../src/sign';

/** What a key source or an identity was tried against. */
export type Against = 'real' | 'emulator' | 'double';

/** A place that signs, up and running. */
export interface RunningSource {
  /** What a user declares. Without `sigstore`, the services of dev/sigstore are taken for keyless ones. */
  readonly config: SigningInputs;
  /** Added to an environment that is otherwise empty but for PATH and HOME. */
  readonly env: NodeJS.ProcessEnv;
  /** Where the place is reached by more than the environment: other files or another network. */
  readonly host?: Partial<SigningHost>;
  /**
   * The same place as cosign is told of it, where cosign can reach it: `--key` and its environment.
   * cosign then signs with it too, and we verify.
   */
  readonly cosign?: {
    readonly key: string;
    readonly env: NodeJS.ProcessEnv;
    /** Path of another cosign than the usual one, for what that was built without. */
    readonly program?: string;
  };
  /** How a verifier refers to the public half (`verify.keys`), where the place has it too. */
  readonly publicRef?: string;
  /** What `cosign verify` must be told besides. */
  readonly verifyFlags?: readonly string[];
  /** Keyless: who the certificate must name. */
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
