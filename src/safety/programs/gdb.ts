import { finding, type ProgramFinding } from './finding.ts';

/** Commands of gdb that look at a stopped process; an expression may call its functions, so only plain names pass. */
const LOOKS =
  /^(bt|backtrace|where)( full)?( -?\d+)?$|^thread apply all (bt|backtrace)( full)?( -?\d+)?$|^info (threads|registers|sharedlibrary|proc( mappings)?|signals|frame|files|locals|args)$|^(detach|quit|q)$|^set (pagination|confirm|print thread-events) (on|off)$|^thread \d+$|^frame \d+$/;

/** Judges one command of gdb. */
export function judgeGdb(text: string): ProgramFinding {
  const lines = text.split('\n').map((line) => line.trim());
  return lines.every((line) => line === '' || LOOKS.test(line))
    ? finding('gdb.look', 'safe', 'This only looks at the process.')
    : finding('gdb.unknown', 'danger', 'This command of gdb may change the process or run code in it.');
}
