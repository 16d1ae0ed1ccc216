export {
  type GitlabFault,
  type GitlabOptions,
  type RunningGitlab,
  type SeenRequest,
  startGitlab,
} from './gitlab-server';
export type { GitlabStore, GitlabToken, GitlabVariable, VariableSpace } from './gitlab-store';
