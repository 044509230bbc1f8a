import type { ToolInput } from '../schema.ts';
import { CLOUD } from './cloud.ts';
import { CLUSTERS } from './clusters.ts';
import { CONTAINERS } from './containers.ts';
import { DATABASES } from './databases.ts';
import { DELIVERY } from './delivery.ts';
import { FILES } from './files.ts';
import { GIT } from './git.ts';
import { KUBERNETES } from './kubernetes.ts';
import { NETWORK } from './network.ts';
import { SERVERS } from './servers.ts';
import { SHELL } from './shell.ts';
import { SYSTEM } from './system.ts';
import { TEXT } from './text.ts';
import { WRAPPERS } from './wrappers.ts';

/** The knowledge base: what is known of every tool. Plain data; checked by loadSafety. */
export const TOOLS: readonly ToolInput[] = [
  ...SHELL,
  ...WRAPPERS,
  ...FILES,
  ...TEXT,
  ...SYSTEM,
  ...SERVERS,
  ...NETWORK,
  ...KUBERNETES,
  ...CONTAINERS,
  ...GIT,
  ...DATABASES,
  ...CLOUD,
  ...CLUSTERS,
  ...DELIVERY,
];
