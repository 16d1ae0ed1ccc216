import * as pulumi from '@pulumi/pulumi';

import { PACKAGE_VERSION, token } from '../package';
import type { VerifiedImageArgs } from '../resources/verified-image';
import type { FunctionName } from '../secrecy/input-table';
import type { ListSignaturesResult, ResolveImageResult, VerifyImageResult } from './results';

/** What to verify, and whom to trust: the inputs of a `VerifiedImage`. */
export type VerifyImageOutputArgs = Omit<VerifiedImageArgs, 'always' | 'triggers' | 'nonsecret'>;
export type VerifyImageArgs = pulumi.Unwrap<VerifyImageOutputArgs>;

/** An image, and the access to its registry. */
export type ImageOutputArgs = Pick<VerifiedImageArgs, 'image' | 'registry'>;
export type ImageArgs = pulumi.Unwrap<ImageOutputArgs>;

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
