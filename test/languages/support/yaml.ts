import type { Language } from './language';

export const YAML: Language = {
  name: 'YAML',
  example: 'existing-image-yaml',
  without: {
    'SDK generated': 'YAML programs use the schema of the plugin, not an SDK',
    compiles: 'YAML programs are checked by the preview, with the schema of the plugin',
  },
};
