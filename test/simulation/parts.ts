import type { Disk } from '../../agent/disk.ts';
import type { Journal } from '../../agent/journal-file.ts';
import type { Line, LineEvents } from '../../agent/link.ts';
import type { GatewayPorts } from '../../handlers/grpc/ports.ts';
import type { LogStore } from '../../src/audit/store.ts';
import type { Trust } from '../../src/protocol/index.ts';
import type { MemoryConnection } from './memory-store.ts';
import type { Program } from './program.ts';

/** The registry of agents, as servers and workers have it. */
export type Agents = ReturnType<MemoryConnection['agents']>;
export type DueIndex = MemoryConnection['due'];

/** The real parts as they are put together; a mutant puts something else in the place of one. */
export interface Parts {
  store(store: LogStore, program: Program): LogStore;
  agents(agents: Agents): Agents;
  due(due: DueIndex): DueIndex;
  ports(ports: GatewayPorts, program: Program): GatewayPorts;
  disk(disk: Disk): Disk;
  journal(journal: Journal): Journal;
  trust(trust: Trust): Trust;
  line(line: Line): Line;
  events(events: LineEvents, program: Program): LineEvents;
}

/** Everything as it is. */
export const REAL: Parts = {
  store: (store) => store,
  agents: (agents) => agents,
  due: (due) => due,
  ports: (ports) => ports,
  disk: (disk) => disk,
  journal: (journal) => journal,
  trust: (trust) => trust,
  line: (line) => line,
  events: (events) => events,
};
