/** Stops the run's Postgres and removes what it left on disk. */
export default async function teardown() {
  await globalThis.stopTestPostgres();
}
