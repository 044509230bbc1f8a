import { createContext, useCallback, useContext, useEffect, useState } from 'react';
import type { PageState } from '../desk.ts';
import type { Json } from '../json.ts';

/** What the page draws, as the simulator sends it. */
export type Message = PageState['channels'][number]['messages'][number];
export type Channel = PageState['channels'][number];
export type Modal = PageState['views'][number];
export type Person = PageState['people'][number];

/** The key of the workspace that is on the screen. */
export const Team = createContext('dd0c');

/** Does one act as a person in the workspace on the screen, as `act` does. */
export function useAct(): (body: Json) => Promise<string | null> {
  const team = useContext(Team);
  return useCallback((body) => act({ team, ...body }), [team]);
}

/** Does one act; resolves with what Slack shows the person, or null. Rejects with a sentence when it was not done. */
async function act(body: Json): Promise<string | null> {
  const response = await fetch('/control/act', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  }).catch(() => {
    throw new Error('The simulator is away. Nothing was sent.');
  });
  const answer: { shown?: string | null; error?: string } = await response.json();
  if (answer.error !== undefined) throw new Error(answer.error);
  return answer.shown ?? null;
}

/** A workspace as one person sees it, kept current by server-sent events. Null until the first answer. */
export function useWorkspace(team: string, as: string): { state: PageState | null; connected: boolean } {
  const [state, setState] = useState<PageState | null>(null);
  const [connected, setConnected] = useState(true);
  useEffect(() => {
    let current = true;
    let newest = -1;
    const load = async () => {
      const response = await fetch(`/control/state?${new URLSearchParams({ team, as })}`);
      const next: PageState = await response.json();
      if (!current || next.revision < newest) return;
      newest = next.revision;
      setState(next);
    };
    const lost = () => setConnected(false);
    const updates = new EventSource('/control/updates');
    updates.onmessage = () => {
      setConnected(true);
      load().catch(lost);
    };
    updates.onerror = lost;
    return () => {
      current = false;
      updates.close();
    };
  }, [team, as]);
  return { state, connected };
}
