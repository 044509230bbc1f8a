-- A connection of an agent is a lease: the newest one counts, and every envelope of an older one is dead.
ALTER TABLE "agent_identity"
  ADD COLUMN "lease_epoch" BIGINT NOT NULL DEFAULT 0,
  ADD COLUMN "lease_until" TIMESTAMPTZ(3),
  -- The highest seq the agent was heard to have journaled: a journal below it was set back.
  ADD COLUMN "seen_seq" BIGINT NOT NULL DEFAULT 0,
  DROP COLUMN "seen_by";

-- An invite may be for an agent that is there already: it enrols again, under a higher epoch.
ALTER TABLE "enrolment" ADD COLUMN "agent_id" TEXT;

-- An agent can be removed; what it did stays in the log.
GRANT DELETE ON "agent_identity" TO "dd0c_app";
