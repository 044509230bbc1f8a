import { add, type Context } from './context.ts';
import { hasFlag, type Parsed, split } from './getopt.ts';
import type { Entry } from './knowledge.ts';
import type { Arg, Invocation } from './model.ts';
import { judgeProgram } from './programs/index.ts';
import { ssmCommands } from './programs/ssm.ts';
import type { ProgramSpec } from './schema.ts';

/** Judges the program texts a command carries: in an option, an operand or its standard input. */
export function judgePrograms(entry: Entry, parsed: Parsed, invocation: Invocation, context: Context): void {
  for (const spec of (entry.node.programs ?? []).filter((each) => isOfLanguage(each, parsed))) {
    const texts = textsOf(spec, parsed);
    for (const text of texts) judgeText(spec, text, entry, invocation, context);
    if (texts.length > 0) continue;
    const operands = operandsOf(spec, parsed);
    if (
      spec.onlyWith !== undefined &&
      !hasFlag(parsed, spec.onlyWith) &&
      operands[0] !== undefined &&
      !hasFlag(parsed, '-s')
    )
      add(
        context,
        'program.unseen-script',
        'danger',
        `${entry.rule} runs a script nobody here has seen.`,
        operands[0].span,
      );
    else if (spec.stdin === true || (spec.stdin === 'fed' && invocation.stdin.kind !== 'inherited'))
      judgeStdin(spec, entry, invocation, context);
  }
}

/** Whether the options choose this language (`ansible -m shell -a …`). */
function isOfLanguage({ when, unless }: ProgramSpec, parsed: Parsed): boolean {
  if (unless !== undefined && hasFlag(parsed, unless)) return false;
  if (when === undefined) return true;
  const chosen = parsed.options.filter((option) => split(when.flags).includes(option.flag)).at(-1);
  return typeof chosen?.value?.text === 'string' && new RegExp(when.value).test(chosen.value.text);
}

function operandsOf(spec: ProgramSpec, parsed: Parsed): readonly Arg[] {
  return spec.onlyWith === undefined ? parsed.operands : parsed.rest;
}

function textsOf(spec: ProgramSpec, parsed: Parsed): readonly Arg[] {
  const flags = split(spec.flags);
  const given = parsed.options.flatMap((option) =>
    flags.includes(option.flag) && option.value !== null ? [option.value] : [],
  );
  if (given.length > 0 || spec.operand === undefined) return given;
  if (spec.onlyWith !== undefined && !hasFlag(parsed, spec.onlyWith)) return [];
  const operands = operandsOf(spec, parsed);
  if (spec.operand !== 'all') return operands.slice(spec.operand, spec.operand + 1);
  const [first] = operands;
  if (first === undefined) return [];
  const texts = operands.map((operand) => operand.text);
  return [{ ...first, text: texts.includes(null) ? null : texts.join(' ') }];
}

function judgeText(
  spec: ProgramSpec,
  arg: Arg,
  entry: Entry,
  invocation: Invocation,
  context: Context,
): void {
  if (arg.text === null) {
    add(
      context,
      'program.computed-text',
      'danger',
      `The program text given to ${entry.rule} is only known when it runs.`,
      arg.span,
    );
    return;
  }
  const text = spec.packed === 'ssm' ? ssmCommands(arg.text) : arg.text;
  if (text === null) {
    add(context, 'program.unreadable', 'danger', `The text given to ${entry.rule} cannot be read.`, arg.span);
    return;
  }
  if (spec.language === 'shell') {
    // `trap - INT` and `trap '' INT` run nothing.
    if (text.trim() === '' || text === '-') return;
    context.judgeShell(text, invocation.stdin, arg.span, {
      ...context,
      remote: context.remote || spec.remote,
      directories: spec.remote ? [] : context.directories,
    });
    return;
  }
  for (const finding of judgeProgram(spec.language, text, context.postgres, context.directories))
    context.findings.push({ ...finding, span: arg.span });
}

function judgeStdin(spec: ProgramSpec, entry: Entry, invocation: Invocation, context: Context): void {
  const { stdin } = invocation;
  if (stdin.kind === 'text' && !(stdin.piped && spec.language === 'shell')) {
    if (stdin.text === null) {
      add(
        context,
        'program.computed-text',
        'danger',
        `The text given to ${entry.rule} is only known when it runs.`,
        stdin.span,
      );
      return;
    }
    if (spec.language === 'shell') {
      context.judgeShell(stdin.text, { kind: 'file' }, stdin.span, context);
      return;
    }
    for (const finding of judgeProgram(spec.language, stdin.text, context.postgres, context.directories))
      context.findings.push({ ...finding, span: stdin.span });
  } else if (spec.language === 'socket' && stdin.kind !== 'inherited')
    add(context, entry.rule, 'caution', `${entry.rule} sends what nobody here has seen.`, invocation.span);
  else if (stdin.kind !== 'inherited')
    add(
      context,
      'program.unseen-input',
      'danger',
      `${entry.rule} runs whatever it reads, and nobody here has seen that.`,
      invocation.span,
    );
  else if (spec.language === 'shell' || context.traits.has('interactive')) {
    context.traits.add('interactive');
    add(
      context,
      entry.rule,
      'caution',
      `${entry.rule} opens a console in which anything can be typed.`,
      invocation.span,
    );
  }
}
