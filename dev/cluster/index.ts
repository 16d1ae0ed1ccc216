export { type Cluster, type ClusterAnswer, type ClusterOptions, startCluster } from './cluster';
export { installPublishedSchemas } from './published-schemas';
export { type ClusterNode, ENDS_LABEL, startNode } from './node';
