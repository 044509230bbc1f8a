import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { GOLDEN, goldenText, knowledgeOf, type Sample, samplesOf, verdictOf } from '../../scripts/golden.ts';
import { readKnowledge } from '../../scripts/knowledge.ts';
import type { Loaded } from '../../src/safety/classify.ts';
import { split } from '../../src/safety/getopt.ts';
import { type Entry, toolEntry } from '../../src/safety/knowledge.ts';
import { loadPostgres } from '../../src/safety/programs/postgres.ts';
import type { Tool } from '../../src/safety/schema.ts';

const tools = readKnowledge();
const loaded: Loaded = { knowledge: knowledgeOf(tools), postgres: await loadPostgres() };

/** A row that can be taken out of the compiled tool; `remove` says how to put it back. */
interface Row {
  readonly row: string;
  readonly remove: () => () => void;
}

function fromMap<V>(map: ReadonlyMap<string, V>, key: string): () => () => void {
  return () => {
    const open = map as Map<string, V>;
    const value = open.get(key);
    open.delete(key);
    return () => {
      if (value !== undefined) open.set(key, value);
    };
  };
}

function fromList<T>(list: readonly T[], at: number): () => () => void {
  return () => {
    const open = list as T[];
    const taken = open.splice(at, 1);
    return () => open.splice(at, 0, ...taken);
  };
}

/** The rows of a node and its verbs, of those with several names once. What a verb inherits is its parent's row. */
function rowsOf(entry: Entry, row: string): readonly Row[] {
  const nodes = [...entry.verbs.values()].map((child) => child.node);
  const { node, table, verbs, patterns } = entry;
  const flags = new Set((node.raises ?? []).flatMap((raise) => split(raise.flags)));
  return [
    ...[...flags].flatMap((flag) => {
      const raises = table.raises.get(flag) ?? [];
      return raises.map((_, at) => ({ row: `${row} ${flag}`, remove: fromList(raises, at) }));
    }),
    ...(node.dryRun ?? []).map((each, at, all) => ({
      row: `${row} dry run ${each.flags}`,
      remove: fromList(all, at),
    })),
    ...(node.operands ?? []).map((each, at, all) => ({
      row: `${row} operand ${each.matches}`,
      remove: fromList(all, at),
    })),
    ...(node.programs ?? []).map((each, at, all) => ({
      row: `${row} program ${each.language}`,
      remove: fromList(all, at),
    })),
    ...[...verbs].flatMap(([verb, child], at) => [
      { row: `${row} ${verb}`, remove: fromMap(verbs, verb) },
      ...(nodes.indexOf(child.node) === at ? rowsOf(child, `${row} ${verb}`) : []),
    ]),
    ...patterns.flatMap(({ match, entry: child }, at) => [
      { row: `${row} /${match.source}/`, remove: fromList(patterns, at) },
      ...rowsOf(child, `${row} /${match.source}/`),
    ]),
  ];
}
function byRow(samples: readonly Sample[]): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  for (const { row, command } of samples) found.set(row, [...(found.get(row) ?? []), command]);
  return found;
}

/** The rows of a tool without which all its samples and examples are judged the same, for the same reasons. */
function idleRows(tool: Tool): readonly string[] {
  const names = tool.name.split(' ');
  const [first = ''] = names;
  const entry = toolEntry(structuredClone(tool), first);
  const samples = byRow(samplesOf(tool));
  const all = [...Object.values(tool.examples).flat(), ...[...samples.values()].flat()];
  const said = (command: string): string => {
    const knowledge = {
      get: (name: string) => (names.includes(name) ? entry : loaded.knowledge.get(name)),
    };
    const { risk, reasons } = verdictOf(command, { ...loaded, knowledge });
    return JSON.stringify([risk, reasons]);
  };
  const before = new Map(all.map((command) => [command, said(command)]));
  const isChanged = (command: string): boolean => said(command) !== before.get(command);
  return rowsOf(entry, first).flatMap(({ row, remove }) => {
    const putBack = remove();
    const isNoticed = (samples.get(row) ?? []).some(isChanged) || all.some(isChanged);
    putBack();
    return isNoticed ? [] : [row];
  });
}

describe('the knowledge base', () => {
  test('judges one command of every row as test/safety/golden.tsv says; npm run fix renews it', () => {
    expect(goldenText(tools, loaded)).toBe(readFileSync(GOLDEN, 'utf8'));
  });

  test('has no row that could be taken out unnoticed: a new one needs an example that it alone decides', () => {
    expect(tools.flatMap(idleRows)).toEqual([]);
  }, 120_000);
});
