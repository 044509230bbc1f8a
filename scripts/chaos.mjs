/** `npm run chaos`: runs under a saboteur who kills the product's processes. */
import { launch } from './install.mjs';

await launch('dev/chaos/main.ts');
