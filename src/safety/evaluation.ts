import type {
  ArithmeticExpression,
  CommandExpansionPart,
  ParsedScript,
  PipelineNode,
  TestExpression,
  Word,
  WordPart,
} from 'unbash';

/** What is known of the variables of a text at one place: fixed values, and names that hold what a run reads. */
export interface Variables {
  readonly known: Map<string, string>;
  readonly data: Set<string>;
  /** Names of loops whose every word begins with a known character that is no dash. */
  readonly undashed: Set<string>;
}

/**
 * What an arithmetic evaluation may do. Bash evaluates the text of a variable again, and an index in it may hold a
 * substitution: `plain` does not, `data` may when what is read holds one, `code` holds one in the text itself.
 */
export type Evaluation = 'plain' | 'data' | 'code';

const ORDER: readonly Evaluation[] = ['plain', 'data', 'code'];
const worst = (list: readonly Evaluation[]): Evaluation =>
  ORDER[Math.max(0, ...list.map((each) => ORDER.indexOf(each)))] ?? 'code';

/** Judges `$((…))`, `((…))` and the like; null stands for an expression the parser could not read. */
export function evaluateArithmetic(
  expression: ArithmeticExpression | undefined,
  variables: Variables,
): Evaluation {
  const inner = (...parts: readonly ArithmeticExpression[]): Evaluation =>
    worst(parts.map((part) => evaluateArithmetic(part, variables)));
  switch (expression?.type) {
    case undefined:
      return 'plain';
    case 'ArithmeticBinary':
      return inner(expression.left, expression.right);
    case 'ArithmeticUnary':
      return inner(expression.operand);
    case 'ArithmeticTernary':
      return inner(expression.test, expression.consequent, expression.alternate);
    case 'ArithmeticGroup':
      return inner(expression.expression);
    case 'ArithmeticCommandExpansion':
      return printed(expression.script) === 'number' ? 'plain' : 'data';
    case 'ArithmeticWord':
      return evaluateText(expression.value, variables);
    default:
      return expression satisfies never;
  }
}

const NUMBER = /^(\d+#\w+|0x[\da-fA-F]+|\d+|[-+*/%()<>=!&|^~?:, ])*$/;
const NAME = /^\$?\{?(#?[A-Za-z_]\w*)(\[[@*]\])?\}?$/;

/** Judges one word of an arithmetic expression: a number, a variable, or an element of an array. */
export function evaluateText(text: string, variables: Variables): Evaluation {
  if (NUMBER.test(text) || /^\$(\d|[#?!$])$/.test(text)) return 'plain';
  const element = /^\$?\{?([A-Za-z_]\w*)\[([^[\]]+)\]\}?$/.exec(text);
  if (element?.[1] && element[2])
    return worst([evaluateText(element[1], variables), evaluateText(element[2], variables)]);
  const name = NAME.exec(text)?.[1];
  if (name === undefined) return /[`(]/.test(text) ? 'code' : 'data';
  if (name.startsWith('#')) return 'plain';
  const value = variables.known.get(name);
  if (value !== undefined && !NUMBER.test(value)) return /[`(]/.test(value) ? 'code' : 'data';
  return variables.data.has(name) ? 'data' : 'plain';
}

/** Judges `[[ … ]]`: only its numeric comparisons and `-v` evaluate what they are given. */
export function evaluateTest(expression: TestExpression, variables: Variables): Evaluation {
  switch (expression.type) {
    case 'TestLogical':
      return worst(expression.operands.map((operand) => evaluateTest(operand, variables)));
    case 'TestNot':
      return evaluateTest(expression.operand, variables);
    case 'TestGroup':
      return evaluateTest(expression.expression, variables);
    case 'TestUnary':
      return /^-[vR]$/.test(expression.operator) ? evaluateWord(expression.operand, variables) : 'plain';
    case 'TestBinary':
      return /^-(eq|ne|lt|le|gt|ge)$/.test(expression.operator)
        ? worst([evaluateWord(expression.left, variables), evaluateWord(expression.right, variables)])
        : 'plain';
    default:
      return expression satisfies never;
  }
}

function evaluateWord(word: Word, variables: Variables): Evaluation {
  const parts = word.parts?.flatMap((part): readonly WordPart[] =>
    part.type === 'DoubleQuoted' ? part.parts : [part],
  );
  if (parts === undefined) return evaluateText(word.text, variables);
  return worst(parts.map((part) => evaluatePart(part, variables)));
}

function evaluatePart(part: WordPart, variables: Variables): Evaluation {
  switch (part.type) {
    case 'Literal':
    case 'SingleQuoted':
      return evaluateText(part.value, variables);
    case 'SimpleExpansion':
      return evaluateText(part.text, variables);
    case 'ParameterExpansion':
      return part.operation === undefined && part.prefix !== '!'
        ? evaluateText(part.text, variables)
        : 'data';
    case 'CommandExpansion':
      return printed(part.script) === 'number' ? 'plain' : 'data';
    case 'ArithmeticExpansion':
      return evaluateArithmetic(part.expression, variables);
    default:
      return 'data';
  }
}

/** What a substitution surely prints: numbers; words that hold no blank and begin with no dash; or anything. */
export function printedBy(part: CommandExpansionPart): 'number' | 'word' | 'substitution' {
  return printed(part.script);
}

function printed(script: ParsedScript | undefined): 'number' | 'word' | 'substitution' {
  const [only, ...others] = script?.commands ?? [];
  return only === undefined || others.length > 0 || only.command.type === 'AndOr'
    ? 'substitution'
    : printedByLast(only.command);
}

const DATE = String.raw`^date( -u)?( -d ('[^']*'|"[^"]*"|\S+))? ['"]?\+`;
const PRINTS_NUMBERS = new RegExp(
  String.raw`^(nproc|ulimit -[a-zA-Z]|id -[ug]|pidof \S+|pgrep( -[fxnou])* [^-]\S*|seq [\d ]+|grep -c[iEFvw]* [^*?]+|stat -c ['"]?%[YXZWsagu]['"]? \S+|wc -[lcwm])$|${DATE}[%\d][%\w:./ -]*['"]?$`,
);
const PRINTS_WORDS =
  /^(git (merge-base( [\w.@][\w./@~^-]*){2,3}|rev-parse( --short| --abbrev-ref| --verify)? [\w.@][\w./@~^-]*)|whoami|hostname( -[fsi])?|uname( -[rsnm])?|tty|arch|id -[ug]n|(command -v|which) \S+)$/;

/** By the last stage of a pipeline. Names are as written: another program of that name is judged where it stands. */
function printedByLast(node: PipelineNode): 'number' | 'word' | 'substitution' {
  const last = node.type === 'Pipeline' ? node.commands.at(-1) : node;
  if (last?.type !== 'Command') return 'substitution';
  const line = [last.name, ...last.args].map((word) => word?.text ?? '').join(' ');
  if (PRINTS_NUMBERS.test(line)) return 'number';
  return PRINTS_WORDS.test(line) ? 'word' : 'substitution';
}
