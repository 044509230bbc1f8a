/** The progress line of the entry scripts, which need it before anything is installed. */
export { type Progress, progress } from '../scripts/progress.mjs';
