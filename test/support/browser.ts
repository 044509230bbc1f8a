import { existsSync } from 'node:fs';
import { describe } from '@jest/globals';
import { type Browser, chromium } from 'playwright-core';

const PATH = process.env.CHROMIUM ?? '/usr/bin/chromium';
const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Tests that need a browser. Where there is none they are skipped by name, but never where DD0C_REQUIRE_ALL asks for all. */
export const describeWithBrowser =
  existsSync(PATH) || process.env.DD0C_REQUIRE_ALL ? describe : describe.skip;

/** A headless Chromium: Debian's, or the one that CHROMIUM names. */
export const launchBrowser = (): Promise<Browser> =>
  chromium.launch({ executablePath: PATH, args: ARGUMENTS });
