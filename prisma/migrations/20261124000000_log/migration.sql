CREATE TABLE "event" (
  "tenant" TEXT NOT NULL,
  "stream" TEXT NOT NULL,
  "version" INTEGER NOT NULL,
  "type" TEXT NOT NULL,
  "at" TIMESTAMPTZ(3) NOT NULL,
  "payload" BYTEA NOT NULL,
  "prev_hash" BYTEA NOT NULL,
  "hash" BYTEA NOT NULL,
  CONSTRAINT "event_pkey" PRIMARY KEY ("tenant", "stream", "version")
);

CREATE TABLE "subject" (
  "tenant" TEXT NOT NULL,
  "stream" TEXT NOT NULL,
  "kind" TEXT NOT NULL,
  "status" TEXT NOT NULL,
  "version" INTEGER NOT NULL,
  "due_at" TIMESTAMPTZ(3),
  "shown_version" INTEGER NOT NULL DEFAULT 0,
  "show_after" TIMESTAMPTZ(3),
  "snapshot" BYTEA NOT NULL,
  CONSTRAINT "subject_pkey" PRIMARY KEY ("tenant", "stream")
);
CREATE INDEX "subject_due_at_idx" ON "subject" ("due_at");
CREATE INDEX "subject_tenant_kind_status_idx" ON "subject" ("tenant", "kind", "status");
CREATE INDEX "subject_unshown_idx" ON "subject" ("tenant", "stream") WHERE "shown_version" < "version";

CREATE TABLE "tenant_key" (
  "tenant" TEXT NOT NULL PRIMARY KEY,
  "wrapped" BYTEA NOT NULL
);

CREATE TABLE "agent_identity" (
  "agent_id" TEXT NOT NULL PRIMARY KEY,
  "tenant" TEXT NOT NULL,
  "public_key" BYTEA NOT NULL,
  "epoch" INTEGER NOT NULL,
  "last_seq" BIGINT NOT NULL DEFAULT 0,
  "last_seen_at" TIMESTAMPTZ(3)
);
CREATE INDEX "agent_identity_tenant_idx" ON "agent_identity" ("tenant");

CREATE TABLE "enrolment" (
  "token_hash" TEXT NOT NULL PRIMARY KEY,
  "tenant" TEXT NOT NULL,
  "expires_at" TIMESTAMPTZ(3) NOT NULL,
  "used_at" TIMESTAMPTZ(3)
);

CREATE TABLE "slack_message" (
  "tenant" TEXT NOT NULL,
  "stream" TEXT NOT NULL,
  "key" TEXT NOT NULL,
  "channel" TEXT NOT NULL,
  "ts" TEXT NOT NULL,
  "hash" TEXT NOT NULL,
  CONSTRAINT "slack_message_pkey" PRIMARY KEY ("tenant", "stream", "key")
);
CREATE UNIQUE INDEX "slack_message_tenant_channel_ts_key" ON "slack_message" ("tenant", "channel", "ts");

CREATE TABLE "slack_request" (
  "signature" TEXT NOT NULL PRIMARY KEY,
  "at" TIMESTAMPTZ(3) NOT NULL
);
CREATE INDEX "slack_request_at_idx" ON "slack_request" ("at");

-- Nobody changes or removes a fact: not the application's role (no grant), and not the owner by accident (triggers).
CREATE FUNCTION "event_is_append_only"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the event log is append-only: % is refused', TG_OP USING ERRCODE = '42501';
END $$;
CREATE TRIGGER "event_no_change" BEFORE UPDATE OR DELETE ON "event"
  FOR EACH ROW EXECUTE FUNCTION "event_is_append_only"();
CREATE TRIGGER "event_no_truncate" BEFORE TRUNCATE ON "event"
  FOR EACH STATEMENT EXECUTE FUNCTION "event_is_append_only"();

-- The role that the application runs as. A role belongs to the whole server, so it may exist already.
DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'dd0c_app') THEN
    CREATE ROLE "dd0c_app" NOLOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE;
  END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN
  NULL; -- another database of this server made it a moment ago
END $$;
GRANT USAGE ON SCHEMA "public" TO "dd0c_app";
GRANT SELECT, INSERT ON "event", "tenant_key" TO "dd0c_app";
GRANT SELECT, INSERT, UPDATE ON "subject", "agent_identity", "enrolment", "slack_message" TO "dd0c_app";
GRANT SELECT, INSERT, DELETE ON "slack_request" TO "dd0c_app";
