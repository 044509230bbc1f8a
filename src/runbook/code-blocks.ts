import type { CodeReading } from './code.ts';
import { readCode } from './code.ts';
import { readConsole } from './console.ts';
import { Consoles } from './consoles.ts';
import type { Block } from './normalise/blocks.ts';
import { spanOf } from './normalise/blocks.ts';
import * as prose from './prose.ts';
import type { Session } from './runbook.ts';
import type { Tools } from './tools.ts';

type Code = Extract<Block, { type: 'code' }>;

/** Where a code block stands: the prose before it, the heading over it, and the session that is open there. */
interface Place {
  readonly introduced: string;
  readonly heading: string;
  readonly open: Session['language'] | null;
}

/** Reads the code blocks of one document in order: each as shell or, where the reader is in one, as a console's. */
export class CodeBlocks {
  readonly consoles = new Consoles();
  private readonly tools: Tools;
  /** The commands of the block read last. */
  private shown: ReadonlySet<string> = new Set();

  constructor(tools: Tools) {
    this.tools = tools;
  }

  read(block: Code, { introduced, heading, open }: Place): CodeReading {
    const outputExpected = prose.expectsOutput(introduced);
    const toSave = prose.tellsToSave(introduced);
    const reading = readCode(block.lines, block.lang, {
      tools: this.tools,
      outputExpected,
      sampleExpected: prose.expectsSample(introduced),
      toSave,
      told: prose.tellsToRun(introduced) || prose.namesCommands(heading),
    });
    if (reading.groups.length > 0) return this.withoutRepeats(reading, outputExpected, block);
    const language = this.consoles.languageOf({ tag: block.lang ?? '', introduced, heading, open });
    if (!language || outputExpected || toSave) return reading;
    const commands = readConsole(block.lines, language);
    return commands ? { groups: [{ comment: null, commands }], untaken: [] } : reading;
  }

  /** `Output:` and a transcript of the commands that the block before it has shown: nothing new to run. */
  private withoutRepeats(reading: CodeReading, outputExpected: boolean, block: Code): CodeReading {
    const texts = reading.groups.flatMap(({ commands }) => commands.map(({ text }) => text.trim()));
    const repeats = outputExpected && texts.every((text) => this.shown.has(text));
    this.shown = new Set(texts);
    return repeats ? { groups: [], untaken: [{ source: spanOf(block.lines), reason: 'output' }] } : reading;
  }
}
