export { reportHtml } from './html';
export { markdownImage, reportMarkdown } from './markdown';
export type * from './model';
export { auditProblem, createReport, type ReportInputs, reportJson } from './report';
