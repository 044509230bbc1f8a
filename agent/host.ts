import { accessSync, constants, statSync } from 'node:fs';
import type { Host } from './checks.ts';

/** The host as the checks see it. What cannot be looked at is not there. */
export const realHost: Host = {
  isDirectory: (path) => statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false,
  isExecutable: (path) => {
    try {
      accessSync(path, constants.X_OK);
      return statSync(path).isFile();
    } catch (error) {
      if (error instanceof Error && 'code' in error) return false;
      throw error;
    }
  },
};
