/** Whether the work includes provenance (attested, and the attestation verified). */
export interface Extent {
  readonly provenance: boolean;
}

/** Signs images and verifies them from the registry; rejects if a step fails. */
export interface Worker {
  sign(image: string, extent: Extent): Promise<void>;
  verify(image: string, extent: Extent): Promise<void>;
  close(): Promise<void>;
}

/** Does the work on all images, at most `atOnce` at a time. */
export async function onEach(
  images: readonly string[],
  atOnce: number,
  work: (image: string) => Promise<void>,
): Promise<void> {
  const waiting = [...images];
  const lane = async (): Promise<void> => {
    for (let image = waiting.shift(); image !== undefined; image = waiting.shift()) {
      await work(image);
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, images.length) }, lane));
}
