/** `npm start`: says where to look, and ends everything at Ctrl-C. */
import { existsSync } from 'node:fs';
import { loadConfig, modelNotice } from '../src/platform/config.ts';
import { createLogger } from '../src/platform/logger.ts';
import { startInstance } from './instance.ts';
import { progress } from './progress.ts';
import { sentenceOf } from './sentence.ts';

if (existsSync('.env')) process.loadEnvFile('.env');

/** Draining an agent in mid-step takes up to 40 s; past this we end anyway (ms). */
const END_LIMIT_MS = 60_000;

const line = progress('dd0c/run');
try {
  const config = loadConfig();
  const logger = createLogger(config.LOG_LEVEL);
  const instance = await startInstance({
    config,
    logger,
    environment: process.env.NODE_ENV ?? 'development',
    page: true,
    onProgress: (doing) => line.say(`dd0c/run: ${doing}`),
  });
  const where = instance.simulator
    ? `Open ${instance.simulator.url}`
    : `Slack sends its requests to ${instance.url}/slack/events`;
  const notice = modelNotice(config);
  line.end(
    `dd0c/run is running. ${where}\n${notice && `${notice}\n`}Ctrl-C ends it. Everything it keeps is in ${config.DATA_DIR}/.`,
  );

  let ending = false;
  const end = (signal: NodeJS.Signals) => {
    if (ending) {
      console.error('Asked twice, so ending without waiting. The next start clears up what was left.');
      process.exit(1);
    }
    ending = true;
    const closing = progress('dd0c/run: ending');
    const hard = setTimeout(() => {
      closing.end('Something did not end in time; ending anyway.');
      process.exit(1);
    }, END_LIMIT_MS);
    instance.stop().then(
      () => {
        clearTimeout(hard);
        closing.end(`Ended (${signal}).`);
        process.exit(0);
      },
      (error: unknown) => {
        closing.end(sentenceOf(error));
        process.exit(1);
      },
    );
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, end);
} catch (error) {
  line.end(sentenceOf(error));
  process.exit(1);
}
