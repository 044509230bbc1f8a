/**
 * Compiles the knowledge base, one YAML file a tool in src/safety/kb, into src/generated/knowledge.ts.
 * `tsx scripts/knowledge.ts` writes the file; with `--check` it changes nothing and exits 1 when the file differs.
 */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse, YAMLParseError } from 'yaml';
import { z } from 'zod';
import { Tool } from '../src/safety/schema.ts';

const FOLDER = fileURLToPath(new URL('../src/safety/kb/', import.meta.url));
const FILE = fileURLToPath(new URL('../src/generated/knowledge.ts', import.meta.url));

/** What is wrong with the knowledge base, as one sentence that names the file. */
export class KnowledgeError extends Error {}

/**
 * Reads the text of one file. `shared` holds only what its YAML anchors name; a list of verbs may hold such a list.
 * Throws a KnowledgeError.
 */
export function readTool(file: string, text: string): Tool {
  const fail = (why: string): never => {
    throw new KnowledgeError(`src/safety/kb/${file}: ${why}`);
  };
  try {
    const { shared: _, ...row } = Row.parse(parse(text, { merge: true, maxAliasCount: -1 }));
    const tool = Tool.parse(flat(row));
    if (`${tool.name.split(' ')[0]}.yaml` !== file)
      fail('the file is not named after the first name of the tool.');
    return tool;
  } catch (error) {
    if (error instanceof YAMLParseError) return fail(error.message);
    if (error instanceof z.ZodError) return fail(z.prettifyError(error));
    throw error;
  }
}

const Row = z.looseObject({ shared: z.unknown().optional() });

/** Lists that stand inside lists become part of them, so that an anchored list can be used among other rows. */
function flat(value: unknown): unknown {
  if (Array.isArray(value)) return value.flat().map(flat);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, flat(inner)]));
}

/** Every tool of the knowledge base, by file name. Throws a KnowledgeError that names the file. */
export function readKnowledge(): readonly Tool[] {
  const files = readdirSync(FOLDER).sort();
  const tools = files.map((file) => readTool(file, readFileSync(`${FOLDER}${file}`, 'utf8')));
  const owners = new Map<string, string>();
  for (const [at, tool] of tools.entries())
    for (const name of tool.name.split(' ')) {
      const other = owners.get(name);
      if (other !== undefined) throw new KnowledgeError(`${name} stands in ${other} and in ${files[at]}.`);
      owners.set(name, files[at] ?? '');
    }
  return tools;
}

/** The generated module. Examples are for tests and stay out. */
export function generate(tools: readonly Tool[]): string {
  const rows = tools.map(
    ({ examples: _, name, ...row }) => `  ${quote(name)}: ${quote(JSON.stringify(row))},`,
  );
  const sha256 = createHash('sha256').update(rows.join('\n')).digest('hex');
  return `/**
 * The knowledge base, compiled from src/safety/kb by \`npx tsx scripts/knowledge.ts\`; do not edit.
 * A line a tool: its names, and its row as JSON, which is read when the tool is first asked for.
 */
export const KNOWLEDGE: Readonly<Record<string, string>> = Object.freeze({
${rows.join('\n')}
});

/** The hash of the lines above. */
export const KNOWLEDGE_SHA256 = '${sha256}';
`;
}

const quote = (text: string): string => `'${text.replace(/[\\']/g, '\\$&').replaceAll('\n', '\\n')}'`;

function main(check: boolean): void {
  const made = generate(readKnowledge());
  if (!check) writeFileSync(FILE, made);
  else if (!existsSync(FILE) || readFileSync(FILE, 'utf8') !== made) {
    console.error(
      'src/generated/knowledge.ts is not what src/safety/kb says. Run `npm run fix` and commit the result.',
    );
    process.exitCode = 1;
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    main(process.argv.includes('--check'));
  } catch (error) {
    if (!(error instanceof KnowledgeError)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}
