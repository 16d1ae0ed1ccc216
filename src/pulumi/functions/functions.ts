import * as pulumi from '@pulumi/pulumi';

import { PACKAGE_VERSION, token } from '../package';
import type { IdentityArgs, SigstoreArgs, TrustedKeyArgs } from '../component/args';
import type { VerifiedImageArgs } from '../resources/verified-image';
import type { FunctionName } from '../secrecy/input-table';
import type {
  AuditLogResult,
  ListSignaturesResult,
  ResolveImageResult,
  VerifyImageResult,
} from './results';

/** What to verify, and whom to trust: the inputs of a `VerifiedImage`. */
export type VerifyImageOutputArgs = Omit<
  VerifiedImageArgs,
  'always' | 'exportProof' | 'triggers' | 'nonsecret'
>;
export type VerifyImageArgs = pulumi.Unwrap<VerifyImageOutputArgs>;

/** An image, and the access to its registry. */
export type ImageOutputArgs = Pick<VerifiedImageArgs, 'image' | 'registry'>;
export type ImageArgs = pulumi.Unwrap<ImageOutputArgs>;

/** The signers to search a transparency log for, the log, and what is known. */
export interface AuditLogOutputArgs {
  /** Public keys: PEM text, a path or `env://NAME`. */
  keys?: pulumi.Input<pulumi.Input<string>[]>;
  /** Further public keys; their windows do not matter. */
  trustedKeys?: pulumi.Input<pulumi.Input<TrustedKeyArgs>[]>;
  /** Keyless signers. */
  identities?: pulumi.Input<pulumi.Input<IdentityArgs>[]>;
  /** The log: `rekorUrl`, `rekorVersion` (default: detected), and the trusted root with its key. Default: the public Rekor v1. */
  sigstore?: pulumi.Input<SigstoreArgs>;
  /** Outputs of `pulumi stack export` of all stacks that use the signers; at most 100. */
  stackStates?: pulumi.Input<pulumi.Input<string>[]>;
  /** Lists of further known entries: a log index, a UUID or `sha256:DIGEST` in each line; at most 100. */
  known?: pulumi.Input<pulumi.Input<string>[]>;
  /** Hex of SHA-256 of signed contents, to search the index of Rekor v1 for; at most 1000. */
  digests?: pulumi.Input<pulumi.Input<string>[]>;
  /** The `checkpoint` of an earlier result, from which the audit continues. */
  checkpoint?: pulumi.Input<string>;
  /** First entry to read without a checkpoint. Default: 0 for Rekor v2, the search index for Rekor v1. */
  from?: pulumi.Input<number>;
  /** How many entries to read at most, up to 1000000; `remaining` has the number of the others. Default: 100000. */
  maxEntries?: pulumi.Input<number>;
}
export type AuditLogArgs = pulumi.Unwrap<AuditLogOutputArgs>;

const call = <Result>(
  name: FunctionName,
  args: object,
  options?: pulumi.InvokeOptions,
): Promise<Result> =>
  pulumi.runtime.invoke(
    token(name),
    args,
    pulumi.mergeOptions({ version: PACKAGE_VERSION }, options ?? {}),
  ) as Promise<Result>;

const callOutput = <Result>(
  name: FunctionName,
  args: object,
  options?: pulumi.InvokeOutputOptions,
): pulumi.Output<Result> =>
  pulumi.runtime.invokeOutput(
    token(name),
    args,
    pulumi.mergeOptions({ version: PACKAGE_VERSION }, options ?? {}),
  );

/** Verifies an image and reports the result, also where a requirement is not met. */
export const verifyImage = (
  args: VerifyImageArgs,
  options?: pulumi.InvokeOptions,
): Promise<VerifyImageResult> => call('verifyImage', args, options);

/** `verifyImage` with outputs as inputs. */
export const verifyImageOutput = (
  args: VerifyImageOutputArgs,
  options?: pulumi.InvokeOutputOptions,
): pulumi.Output<VerifyImageResult> => callOutput('verifyImage', args, options);

/** Lists all signatures and attestations of an image, of any signer, without verifying them. */
export const listSignatures = (
  args: ImageArgs,
  options?: pulumi.InvokeOptions,
): Promise<ListSignaturesResult> => call('listSignatures', args, options);

/** `listSignatures` with outputs as inputs. */
export const listSignaturesOutput = (
  args: ImageOutputArgs,
  options?: pulumi.InvokeOutputOptions,
): pulumi.Output<ListSignaturesResult> => callOutput('listSignatures', args, options);

/** Resolves a tag to its current digest, and lists the platforms of an index. Nothing is verified. */
export const resolveImage = (
  args: ImageArgs,
  options?: pulumi.InvokeOptions,
): Promise<ResolveImageResult> => call('resolveImage', args, options);

/** `resolveImage` with outputs as inputs. */
export const resolveImageOutput = (
  args: ImageOutputArgs,
  options?: pulumi.InvokeOutputOptions,
): pulumi.Output<ResolveImageResult> => callOutput('resolveImage', args, options);

/**
 * Finds the entries of a transparency log that were made with these keys or identities, and reports those that no stack
 * made. The log must prove that it continues the checkpoint and that it includes every entry that is read.
 */
export const auditLog = (
  args: AuditLogArgs,
  options?: pulumi.InvokeOptions,
): Promise<AuditLogResult> => call('auditLog', args, options);

/** `auditLog` with outputs as inputs. */
export const auditLogOutput = (
  args: AuditLogOutputArgs,
  options?: pulumi.InvokeOutputOptions,
): pulumi.Output<AuditLogResult> => callOutput('auditLog', args, options);
