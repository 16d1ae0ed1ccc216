export { gitlabKeys } from './gitlab-keys';
