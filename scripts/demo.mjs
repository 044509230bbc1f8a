/** `npm run demo`: a whole run before your eyes. */
import { launch } from './install.mjs';

await launch('dev/demo.ts');
