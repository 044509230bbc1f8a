import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { generateKey, loadSigningKey, type RandomBytes, type SigningKey } from '../src/protocol/index.ts';
import { type EnrolmentFile, enrolmentSchema } from './enrol.ts';

/** Where things are in the agent's data folder. */
export interface Folder {
  readonly journal: string;
  readonly policy: string;
  /** The agent's key; made on first use, mode 0600; it never leaves this file. */
  key(random: RandomBytes): SigningKey;
  /** What was kept of the enrolment, or null before it. Throws when the file is not what it must be. */
  enrolment(): EnrolmentFile | null;
  keepEnrolment(file: EnrolmentFile): void;
}

/** Opens the data folder, private to this account (0700), and makes sure that no other agent lives in it. */
export function openFolder(path: string): Folder {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  chmodSync(path, 0o700);
  claim(join(path, 'lock'));
  const keyFile = join(path, 'key.pem');
  const enrolmentFile = join(path, 'enrolment.json');
  return {
    journal: join(path, 'journal'),
    policy: join(path, 'policy.yaml'),
    key: (random) => {
      if (!existsSync(keyFile)) writeDurably(keyFile, generateKey(random).privatePem);
      if ((statSync(keyFile).mode & 0o077) !== 0)
        throw new Error(`${keyFile} can be read by others. Enrol again.`);
      return loadSigningKey(readFileSync(keyFile, 'utf8'));
    },
    enrolment: () => (existsSync(enrolmentFile) ? readEnrolment(enrolmentFile) : null),
    keepEnrolment: (file) => writeDurably(enrolmentFile, `${JSON.stringify(file, null, 2)}\n`),
  };
}

function readEnrolment(file: string): EnrolmentFile {
  try {
    return enrolmentSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (error) {
    const sentence = `${file} is not what this version of the agent keeps of its enrolment. Enrol it again, with an empty folder (docs/agent.md).`;
    throw new Error(sentence, { cause: error });
  }
}

/** A lock is the pid and start time of its holder, so that a reused pid does not look like a living agent. */
function claim(path: string): void {
  const mine = stampOf(process.pid);
  const held = existsSync(path) ? readFileSync(path, 'utf8') : '';
  const holder = Number.parseInt(held, 10);
  if (Number.isInteger(holder) && holder !== process.pid && stampOf(holder) === held) {
    throw new Error(`Another agent (process ${holder}) uses this data folder. Stop it first.`);
  }
  rmSync(path, { force: true });
  writeFileSync(path, mine, { flag: 'wx', mode: 0o600 });
}

/** `pid starttime`, the latter from field 22 of /proc/PID/stat; empty when there is no such process. */
function stampOf(pid: number): string {
  const path = `/proc/${pid}/stat`;
  if (!existsSync(path)) return '';
  const afterName = readFileSync(path, 'utf8').replace(/^.*\) /s, '');
  return `${pid} ${afterName.split(' ')[19] ?? ''}`;
}

function writeDurably(path: string, text: string): void {
  const temporary = `${path}.new`;
  writeFileSync(temporary, text, { mode: 0o600 });
  const fd = openSync(temporary, 'r');
  fsyncSync(fd);
  closeSync(fd);
  renameSync(temporary, path);
}
