import type { StoredFormat } from '../../../../src/sign';

/** What proves when a signature was made. Keyless with Rekor v2 has a timestamp, too. */
export const TRANSPARENCIES = ['log v1', 'log v2', 'timestamp', 'none'] as const;

/** One image that we sign. */
export interface ImageCase {
  readonly format: StoredFormat;
  readonly signer: 'key' | 'keyless';
  readonly transparency: (typeof TRANSPARENCIES)[number];
}

export const PURPOSES = ['signature', 'provenance'] as const;
export type MatrixPurpose = (typeof PURPOSES)[number];

/** Why an image of this kind cannot be made, by any program. */
export function impossible({ format, signer, transparency }: ImageCase): string | undefined {
  if (format === 'legacy' && transparency === 'log v2')
    return 'the legacy format cannot store entries of Rekor v2';
  if (signer === 'keyless' && transparency === 'none')
    return 'nothing would prove that the short-lived certificate was valid';
  return undefined;
}

export const ALL_CASES: readonly ImageCase[] = (['bundle', 'legacy'] as const).flatMap((format) =>
  (['key', 'keyless'] as const).flatMap((signer) =>
    TRANSPARENCIES.map((transparency): ImageCase => ({ format, signer, transparency })),
  ),
);

/** The images of the smaller run of CI. */
const SAMPLE: readonly string[] = [
  'bundle, key, none',
  'bundle, keyless, log v1',
  'legacy, key, log v1',
  'legacy, keyless, log v1',
];

export const nameOf = ({ format, signer, transparency }: ImageCase): string =>
  `${format}, ${signer}, ${transparency}`;

export const isSample = process.env['INTEROP_SAMPLE'] === '1';

/** The images that are signed in this run. */
export const CASES: readonly ImageCase[] = ALL_CASES.filter(
  (each) => impossible(each) === undefined && (!isSample || SAMPLE.includes(nameOf(each))),
);
