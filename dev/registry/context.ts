import type { RegistrySettings } from './settings';
import type { RegistryStore } from './store';
import type { Uploads } from './uploads';
import type { Visibility } from './visibility';

/** The shared state of the handlers of a running registry. */
export interface RegistryContext {
  readonly settings: RegistrySettings;
  readonly store: RegistryStore;
  readonly uploads: Uploads;
  readonly visibility: Visibility;
  /** `http(s)://host:port` of the registry. */
  readonly origin: string;
  /** `http(s)://host:port` of the second origin. */
  readonly sideOrigin: string;
}
