import { accessSync, constants, statSync } from 'node:fs';
import type { Host } from './checks.ts';
import { errnoOf } from './errno.ts';

/** The host as the checks see it. What cannot be looked at is not there. */
export const realHost: Host = {
  isDirectory: (path) => statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false,
  isExecutable: (path) => {
    try {
      accessSync(path, constants.X_OK);
      return statSync(path).isFile();
    } catch (error) {
      if (errnoOf(error) !== null) return false;
      throw error;
    }
  },
};
