-- Many tenants in one database, kept apart by the database itself: row-level security that binds the owner too.

-- Which tenants there are. Outside row-level security by design, like the three tables below: it holds no customer text.
CREATE TABLE "tenant" (
  "id" TEXT NOT NULL PRIMARY KEY,
  "status" TEXT NOT NULL DEFAULT 'active',
  "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT now()
);

-- The workspace that installed us, readable before its tenant is known to be one; its token is sealed.
CREATE TABLE "slack_installation" (
  "tenant" TEXT NOT NULL PRIMARY KEY,
  "app_id" TEXT NOT NULL,
  "bot_user_id" TEXT NOT NULL,
  "token" BYTEA,
  "scopes" TEXT NOT NULL,
  "installed_by" TEXT,
  "installed_at" TIMESTAMPTZ(3) NOT NULL,
  "removed_at" TIMESTAMPTZ(3)
);

-- What has work to do, for the sweep over all tenants: names and times, no content.
CREATE TABLE "due" (
  "tenant" TEXT NOT NULL,
  "stream" TEXT NOT NULL,
  "kind" TEXT NOT NULL,
  "status" TEXT NOT NULL,
  "version" INTEGER NOT NULL,
  "due_at" TIMESTAMPTZ(3),
  "shown_version" INTEGER NOT NULL DEFAULT 0,
  "show_after" TIMESTAMPTZ(3),
  CONSTRAINT "due_pkey" PRIMARY KEY ("tenant", "stream")
);
INSERT INTO "due" ("tenant", "stream", "kind", "status", "version", "due_at", "shown_version", "show_after")
  SELECT "tenant", "stream", "kind", "status", "version", "due_at", "shown_version", "show_after" FROM "subject";
INSERT INTO "tenant" ("id") SELECT DISTINCT "tenant" FROM "subject";
CREATE INDEX "due_due_at_idx" ON "due" ("due_at");
CREATE INDEX "due_unshown_idx" ON "due" ("tenant", "stream") WHERE "shown_version" < "version";
ALTER TABLE "subject" DROP COLUMN "due_at", DROP COLUMN "shown_version", DROP COLUMN "show_after";

-- Which gateway last heard of an agent: only that one may say that it is gone.
ALTER TABLE "agent_identity" ADD COLUMN "seen_by" TEXT;

-- Tokens and requests belong to a tenant; what was kept without one has lapsed by the time anybody asks (10 and 15 minutes).
DELETE FROM "slack_request";
ALTER TABLE "slack_request" DROP CONSTRAINT "slack_request_pkey";
ALTER TABLE "slack_request" ADD COLUMN "tenant" TEXT NOT NULL;
ALTER TABLE "slack_request" ADD CONSTRAINT "slack_request_pkey" PRIMARY KEY ("tenant", "signature");

-- Without a tenant set in the transaction there are no rows to see and none can be written.
DO $$
DECLARE
  name TEXT;
BEGIN
  FOREACH name IN ARRAY ARRAY['event', 'subject', 'tenant_key', 'enrolment', 'slack_message', 'slack_request'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
    EXECUTE format(
      'CREATE POLICY %I ON %I USING (tenant = current_setting(''app.tenant'', true)) '
      'WITH CHECK (tenant = current_setting(''app.tenant'', true))',
      name || '_tenant', name);
  END LOOP;
END $$;

-- Roles. The migrator owns the tables, the application writes facts, an auditor reads. None of them bypasses a policy.
DO $$
DECLARE
  name TEXT;
BEGIN
  FOREACH name IN ARRAY ARRAY['dd0c_migrator', 'dd0c_readonly'] LOOP
    BEGIN
      IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) THEN
        EXECUTE format('CREATE ROLE %I NOLOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE', name);
      END IF;
    EXCEPTION WHEN duplicate_object OR unique_violation THEN
      NULL; -- another database of this server made it a moment ago
    END;
  END LOOP;
END $$;
GRANT "dd0c_migrator" TO CURRENT_USER;
GRANT USAGE, CREATE ON SCHEMA "public" TO "dd0c_migrator";
DO $$
DECLARE
  name TEXT;
BEGIN
  FOREACH name IN ARRAY ARRAY['event', 'subject', 'tenant_key', 'enrolment', 'slack_message', 'slack_request',
    'tenant', 'slack_installation', 'agent_identity', 'due'] LOOP
    EXECUTE format('ALTER TABLE %I OWNER TO dd0c_migrator', name);
  END LOOP;
END $$;
GRANT USAGE ON SCHEMA "public" TO "dd0c_readonly";
GRANT SELECT ON "event", "subject", "tenant_key", "enrolment", "slack_message", "slack_request",
  "tenant", "slack_installation", "agent_identity", "due" TO "dd0c_readonly";
GRANT SELECT, INSERT, UPDATE ON "tenant", "slack_installation", "due" TO "dd0c_app";
-- A process asks what was applied before it starts.
GRANT SELECT ON "_prisma_migrations" TO "dd0c_app", "dd0c_readonly";
