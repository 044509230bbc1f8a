import { refuseByClock } from './lease.ts';
import type { AgentState, Times } from './state.ts';

/** Why nothing may start now, whatever it is, in a sentence, or null when it may. */
export function standstill(state: AgentState, times: Times): string | null {
  const { faults, policy, draining, trust, lease } = state;
  if (faults[0] !== undefined) return faults[0];
  if (policy.mode === 'paused') return 'The policy file of this host pauses the agent.';
  if (draining) return 'This agent is shutting down.';
  if (times.now > trust.exp) return 'The trust bundle of this agent has expired.';
  if (lease !== null && lease.bundleVersion > trust.version)
    return 'There is a newer trust bundle than the one this agent has.';
  return refuseByClock(state, times);
}
