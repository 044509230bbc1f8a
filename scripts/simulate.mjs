/** `npm run simulate`: plays seeds of the simulation, on as many cores as there are. */
import { launch } from './install.mjs';

await launch('test/simulation/main.ts');
