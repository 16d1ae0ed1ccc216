export {
  type FolderMatches,
  IgnoreFileError,
  type IgnoreRule,
  IgnoreRules,
  readRules,
  type Verdict,
} from './rules';
