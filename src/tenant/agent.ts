import { type Decision, events, type Facts, type Kind } from '../audit/subject.ts';
import type { AgentId } from '../protocol/ids.ts';

/** What an agent last said of itself; nothing the server decides rests on it but which profile a plan names. */
export interface AgentDescription {
  readonly hostName: string;
  readonly version: string;
  readonly rulesetVersion: string;
  readonly policySha256: string;
  readonly profiles: readonly { readonly name: string; readonly digest: string }[];
  /** Why it starts nothing by its own decision, or empty. */
  readonly pausedBecause: string;
}

export interface AgentState {
  readonly agentId: AgentId | null;
  readonly epoch: number;
  readonly publicKey: string;
  readonly description: AgentDescription | null;
}

export type AgentEvent =
  | {
      readonly type: 'agent.enrolled';
      readonly agentId: AgentId;
      readonly epoch: number;
      readonly publicKey: string;
      readonly hostName: string;
      readonly at: number;
    }
  | { readonly type: 'agent.described'; readonly description: AgentDescription; readonly at: number };

export type AgentCommand =
  | {
      readonly type: 'enrol';
      readonly agentId: AgentId;
      readonly epoch: number;
      readonly publicKey: string;
      readonly hostName: string;
    }
  | { readonly type: 'describe'; readonly description: AgentDescription };

const initial: AgentState = { agentId: null, epoch: 0, publicKey: '', description: null };

function decide(state: AgentState, command: AgentCommand, { now: at }: Facts): Decision<AgentEvent> {
  switch (command.type) {
    case 'enrol': {
      const { agentId, epoch, publicKey, hostName } = command;
      return events({ type: 'agent.enrolled', agentId, epoch, publicKey, hostName, at });
    }
    case 'describe': {
      const same = JSON.stringify(command.description) === JSON.stringify(state.description);
      return same ? events() : events({ type: 'agent.described', description: command.description, at });
    }
  }
}

function evolve(state: AgentState, event: AgentEvent): AgentState {
  switch (event.type) {
    case 'agent.enrolled':
      return { ...state, agentId: event.agentId, epoch: event.epoch, publicKey: event.publicKey };
    case 'agent.described':
      return { ...state, description: event.description };
  }
}

/** An agent as a subject: when it enrolled, and what it said of itself. */
export const agentKind: Kind<AgentState, AgentCommand, AgentEvent> = {
  kind: 'agent',
  initial,
  decide,
  evolve,
  status: (state) => (state.description ? 'described' : 'enrolled'),
  dueAt: () => null,
};
