import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The content of `.demo/outputs.json`, for other programs. */
export interface DemoOutputs {
  readonly imageRef: string;
  readonly digest: string;
  /** `host/repository`. */
  readonly repository: string;
  /** Path of the signer's public key. */
  readonly publicKey: string;
  /** Path. */
  readonly trustedRoot: string;
  /** The identity that signed the same image keyless, and its issuer. */
  readonly identity: string;
  readonly issuer: string;
  /** Path of the rendered manifest. */
  readonly deployment: string;
}

export async function writeOutputs(folder: string, outputs: DemoOutputs): Promise<void> {
  await writeFile(join(folder, 'outputs.json'), `${JSON.stringify(outputs, null, 2)}\n`);
}
