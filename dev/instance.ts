/** Everything on one machine in one process: server and workers, beside Postgres and one agent. */
import { existsSync, readFileSync } from 'node:fs';
import { INSTALL_PATH } from '../handlers/slack/install.ts';
import type { Log } from '../src/audit/log.ts';
import { type SlackOptions, slackOptions, startServer, startWorker } from '../src/main.ts';
import { type Config, modelOf } from '../src/platform/config.ts';
import type { Logger } from '../src/platform/logger.ts';
import type { TenantId } from '../src/protocol/ids.ts';
import { openSystem, type System } from '../src/system.ts';
import { type AgentProcess, startAgent } from './agent-process.ts';
import { type Ground, layGround, systemOn, until } from './ground.ts';
import type { Simulator } from './slack/server.ts';

export interface InstanceOptions {
  readonly config: Config;
  readonly logger: Logger;
  /** NODE_ENV; the simulator refuses `production`. */
  readonly environment: string;
  /** Told in a few words what is being done. */
  readonly onProgress?: (doing: string) => void;
  /** Bundles the page before anybody looks. */
  readonly page?: boolean;
  /** Starts a Redis of its own for the queues, when the settings name none. */
  readonly ownRedis?: boolean;
  /** Argv put before every command of a step. */
  readonly wrapper?: readonly string[];
}

/** What a person at this machine can reach of what runs, in one process or in many. */
export interface Instance {
  /** The workspace that the bot token belongs to; null until one installs. */
  readonly tenant: TenantId | null;
  readonly log: Log;
  /** Where requests of Slack and of pagers arrive. */
  readonly url: string;
  /** Null when a real workspace is connected. */
  readonly simulator: Simulator | null;
  readonly ownerUrl: string;
  /** The agent of this machine; null until a workspace is connected. */
  readonly agent: AgentProcess | null;
  /** Drains and ends everything that was started, in order. */
  stop(): Promise<void>;
}

/** Starts an instance on its data folder. Whatever was started is ended again when a later part cannot be. */
export async function startInstance(options: InstanceOptions): Promise<Instance> {
  const { config, logger, environment, onProgress = () => undefined } = options;
  const isReal = Boolean(config.SLACK_BOT_TOKEN ?? config.SLACK_CLIENT_ID);
  const ground = await layGround({
    dataDir: config.DATA_DIR,
    where: isReal ? 'your Slack workspace' : `http://127.0.0.1:${config.SIMULATOR_PORT}/`,
    simulatorPort: isReal ? null : config.SIMULATOR_PORT,
    redis: config.REDIS_URL ?? (options.ownRedis ? 'own' : null),
    gatewayNames: [config.GATEWAY_NAME ?? config.GATEWAY_HOST],
    environment,
    page: options.page ?? false,
    logger,
    onProgress,
  });
  try {
    onProgress('starting server and workers');
    const system = await openSystem(
      systemOn(ground, { trust: config.TRUST_LEVEL, ...modelOf(config), logger }),
    );
    ground.onEnd(() => system.close());
    const server = await startServer(system, {
      http: { host: config.HOST, port: config.PORT },
      ...(config.PUBLIC_URL ? { publicUrl: config.PUBLIC_URL } : {}),
      slack: ground.simulator ? simulated(ground.simulator, ground.signingSecret) : slackOptions(config),
      gateway: { host: config.GATEWAY_HOST, port: config.GATEWAY_PORT, tls: ground.tls },
    });
    ground.onEnd(() => server.close());
    const worker = await startWorker(system, {});
    ground.onEnd(() => worker.close());
    const url = `http://${server.address}`;
    if (ground.simulator) {
      ground.simulator.connect(server.slackUrl);
      ground.simulator.installUrl = `${url}${INSTALL_PATH}`;
    }
    let agent: AgentProcess | null = null;
    if (server.tenant) {
      onProgress('starting the agent');
      const address = `${config.GATEWAY_NAME ?? config.GATEWAY_HOST}:${server.gatewayPort}`;
      agent = await startOwnAgent(ground, system, server.tenant, address, options.wrapper);
    }
    const { simulator, postgres } = ground;
    return {
      tenant: server.tenant,
      log: system.log,
      url,
      simulator,
      ownerUrl: postgres.url,
      agent,
      stop: ground.end,
    };
  } catch (error) {
    await ground.end();
    throw error;
  }
}

/** The simulated Slack knows our app: one workspace has installed it, the other may. */
const simulated = (simulator: Simulator, signingSecret: string): SlackOptions => ({
  signingSecret,
  botToken: simulator.token,
  oauth: { clientId: simulator.clientId, clientSecret: simulator.clientSecret },
});

const AGENT_LIMIT_MS = 20_000;

/** Starts the agent of this machine and waits until it is connected. It ends with the ground. */
export async function startOwnAgent(
  { dataDir, account, tls, onEnd }: Ground,
  system: System,
  tenant: TenantId,
  address: string,
  wrapper?: readonly string[],
): Promise<AgentProcess> {
  const agent = await startAgent({
    dataDir,
    account,
    address,
    caPem: tls.certPem,
    invite: () => system.invite(tenant),
    ...(wrapper ? { wrapper } : {}),
  });
  onEnd(() => agent.stop());
  await until(
    () => system.agentOnline(tenant),
    AGENT_LIMIT_MS,
    () => agentTrouble(agent),
  );
  return agent;
}

function agentTrouble({ logFile }: AgentProcess): string {
  const last = existsSync(logFile) ? readFileSync(logFile, 'utf8').trim().split('\n').slice(-1)[0] : '';
  return `The agent did not connect within ${AGENT_LIMIT_MS / 1000} s. Its log (${logFile}) ends with: ${last || 'nothing'}`;
}
