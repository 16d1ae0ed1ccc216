import { type ToolRun } from '../../support/tools';
import type { Stack } from '../../support/stack';
import { type ImageCase, isSample, type MatrixPurpose } from './cases';
import type { Trust } from './trust';
import { containersPolicy, skopeo } from './containers-verifiers';
import { cosign2, cosign3 } from './cosign-verifiers';
import { sigstoreGo, sigstorePython } from './bundle-verifiers';
import type { SignedCase } from './signed';
import { ours } from './ours-verifier';

/** One verification. */
export interface Request {
  readonly stack: Stack;
  readonly trust: Trust;
  readonly signed: SignedCase;
  readonly purpose: MatrixPurpose;
  /** Whether the signer is trusted, or another one. */
  readonly trusts: 'signer' | 'another';
}

/** A program that verifies images or bundles. */
export interface Verifier {
  /** As in the documents. */
  readonly name: string;
  /** Whether the smaller run of CI has it. */
  readonly inSample: boolean;
  /** Default: true, as `npm run test:interop` installs it. */
  readonly isInstalled?: boolean;
  version(): string;
  /** Why it does not accept what it should, if it does not. */
  gap(of: ImageCase, purpose: MatrixPurpose): string | undefined;
  /** Flags and settings that it needs for this, besides the signer. */
  flags(of: ImageCase, purpose: MatrixPurpose): readonly string[];
  /** `undefined`: there is no command for it. */
  verify(request: Request): Promise<ToolRun> | undefined;
}

const ALL: readonly Verifier[] = [
  ours,
  cosign3,
  cosign2,
  sigstorePython,
  sigstoreGo,
  containersPolicy,
  skopeo,
];

export const VERIFIERS: readonly Verifier[] = ALL.filter(
  ({ inSample, isInstalled = true }) => isInstalled && (inSample || !isSample),
);
