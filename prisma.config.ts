// `prisma generate` only checks that an engine file exists; the client needs none (driver adapter), so name any file
// instead of downloading one. Nothing else of Prisma's tooling is used: migrations run through src/platform/migrate.ts.
if (process.argv.includes('generate')) process.env.PRISMA_SCHEMA_ENGINE_BINARY ??= process.execPath;
export default {
  schema: 'prisma/schema.prisma',
  migrations: { path: 'prisma/migrations' },
  datasource: { url: process.env.DATABASE_URL ?? 'postgresql://none' },
};
