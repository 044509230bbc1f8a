import { type Decision, events, type Facts, type Kind } from '../audit/subject.ts';
import type { AgentId } from '../protocol/ids.ts';

/** What an agent last said of itself; nothing the server decides rests on it but which profile a plan names. */
export interface AgentDescription {
  readonly hostName: string;
  readonly version: string;
  readonly rulesetVersion: string;
  readonly rulesetSha256: string;
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
  readonly removed?: boolean;
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
  | { readonly type: 'agent.described'; readonly description: AgentDescription; readonly at: number }
  | { readonly type: 'agent.removed'; readonly at: number };

export type AgentCommand =
  | {
      readonly type: 'enrol';
      readonly agentId: AgentId;
      readonly epoch: number;
      readonly publicKey: string;
      readonly hostName: string;
    }
  | { readonly type: 'describe'; readonly description: AgentDescription }
  | { readonly type: 'remove' };

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
    case 'remove':
      return state.removed ? events() : events({ type: 'agent.removed', at });
  }
}

function evolve(state: AgentState, event: AgentEvent): AgentState {
  switch (event.type) {
    case 'agent.enrolled':
      // What it said of itself was of an earlier enrolment.
      return { agentId: event.agentId, epoch: event.epoch, publicKey: event.publicKey, description: null };
    case 'agent.described':
      return { ...state, description: event.description };
    case 'agent.removed':
      return { ...state, removed: true };
  }
}

/** An agent as a subject: when it enrolled, what it said of itself, and that it was removed. */
export const agentKind: Kind<AgentState, AgentCommand, AgentEvent> = {
  kind: 'agent',
  initial,
  decide,
  evolve,
  status: ({ removed, description }) => (removed ? 'removed' : description ? 'described' : 'enrolled'),
  dueAt: () => null,
};
