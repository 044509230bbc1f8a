import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { homedir, hostname } from 'node:os';
import { parseArgs } from 'node:util';
import pino, { type Logger } from 'pino';
import { classify, loadSafety, RULESET_SHA256, RULESET_VERSION } from '../src/safety/index.ts';
import { Agent } from './agent.ts';
import { systemClock } from './clock.ts';
import { enrol, inviteSchema, openEnrolment } from './enrol.ts';
import { type Folder, openFolder } from './folder.ts';
import { realHost } from './host.ts';
import { openJournal } from './journal-file.ts';
import { connectClient, Link } from './link.ts';
import { type Policy, readPolicy } from './policy.ts';
import { initialState } from './state.ts';
import { run } from './supervisor.ts';

const USAGE = 'Usage: agent --data DIR [--invite FILE] [--policy FILE]';

async function main(logger: Logger): Promise<void> {
  const options = {
    data: { type: 'string' },
    invite: { type: 'string' },
    policy: { type: 'string' },
  } as const;
  const { values } = parseArgs({ options });
  if (values.data === undefined) throw new Error(USAGE);
  await loadSafety();
  const folder = openFolder(values.data);
  const policy = loadPolicy(values.policy, folder.policy);
  if (process.getuid?.() === 0 && !policy.allow_root) {
    throw new Error(
      'The agent does not run as root. Start it as an account of its own, or set allow_root in its policy.',
    );
  }
  const key = folder.key((size) => randomBytes(size));
  const kept = folder.enrolment();
  if (kept !== null && values.invite !== undefined)
    logger.warn(
      'This folder is enrolled, so the invite is left alone. To enrol again, take an empty folder.',
    );
  const enrolment = kept ?? (await enrolNow(folder, values.invite, key.publicKey, logger));
  const { identity, root, trust } = openEnrolment(enrolment);
  const faults = existsSync(folder.journal) ? [] : ['The journal of this agent is gone. Enrol it again.'];
  const journal = openJournal(folder.journal);
  if (journal.reading.condition === 'damaged')
    faults.push('The journal of this agent is damaged. Enrol it again.');
  const fresh = initialState(identity, root, trust, policy);
  const initial = { ...fresh, faults: [...fresh.faults, ...faults] };
  for (const fault of initial.faults) logger.error(fault);
  const agent = new Agent({
    initial,
    journal,
    connect: (events) =>
      new Link(
        {
          client: () => connectClient(enrolment.address, enrolment.ca_pem),
          agentId: identity.agentId,
          signer: key,
          clock: systemClock,
          random: Math.random,
          nonce: () => randomBytes(16).toString('base64url'),
        },
        events,
      ),
    run,
    clock: systemClock,
    host: realHost,
    hostName: hostname(),
    scanner: { classify, version: RULESET_VERSION, sha256: RULESET_SHA256 },
    logger: logger.child({ agentId: identity.agentId }),
  });
  const drain = (signal: string) => {
    logger.info({ signal }, 'Draining: nothing new starts.');
    void agent.drain().then(
      () => process.exit(0),
      (error: unknown) => fail(logger, error),
    );
  };
  process.once('SIGTERM', drain);
  process.once('SIGINT', drain);
}

async function enrolNow(folder: Folder, file: string | undefined, publicKey: string, logger: Logger) {
  if (file === undefined)
    throw new Error('This agent is not enrolled yet. Start it once with --invite FILE.');
  const invite = inviteSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  const enrolment = await enrol(invite, publicKey, hostname(), systemClock.now());
  openJournal(folder.journal).close();
  folder.keepEnrolment(enrolment);
  logger.info({ agentId: enrolment.agent_id, tenantId: enrolment.tenant_id }, 'Enrolled.');
  return enrolment;
}

/** A policy file that was named must be there; the one in the data folder may be missing. */
function loadPolicy(named: string | undefined, usual: string): Policy {
  const path = named ?? usual;
  const isThere = existsSync(path);
  if (named !== undefined && !isThere) throw new Error(`The policy file ${named} is not there.`);
  if (isThere && (statSync(path).mode & 0o002) !== 0)
    throw new Error(`Anyone may write ${path}. Take that right away.`);
  return readPolicy({
    text: isThere ? readFileSync(path, 'utf8') : null,
    home: homedir(),
    readEnvFile: (name) => readFileSync(name, 'utf8'),
  });
}

function fail(logger: Logger, error: unknown): void {
  logger.fatal({ err: error }, error instanceof Error ? error.message : String(error));
  process.exit(1);
}

const logger = pino({ base: { program: 'dd0c-agent' } });
main(logger).catch((error: unknown) => fail(logger, error));
