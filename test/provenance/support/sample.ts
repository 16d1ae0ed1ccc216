/** Whether this is the smaller run of CI, `npm run test:provenance -- --sample`. */
export const IS_SAMPLE = process.env['PROVENANCE_SAMPLE'] === '1';
