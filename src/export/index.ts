export { type ExportArgs, type ExportHost, exportImage, type ExportResult } from './export-image';
export { exportJson, exportText, verifiedExportJson, verifiedExportText } from './export-report';
export type { Proof, ProofFiles } from './proof';
export { type VerifiedExport, verifyExport, type VerifyExportArgs } from './verify-export';
