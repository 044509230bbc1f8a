/** `npm start`: server, workers and one agent on this machine. */
import { launch } from './install.mjs';

await launch('dev/start.ts');
