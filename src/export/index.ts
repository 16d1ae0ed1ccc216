export { exportImage, type ExportImageArgs, type ExportResult } from './export-image';
export { exportText } from './export-report';
export { proofArchive, type ProofArchiveRequest } from './proof-archive';
export type { Proof, ProofFiles } from './proof';
export { inspectExport, type InspectExportArgs } from './verify-export';
