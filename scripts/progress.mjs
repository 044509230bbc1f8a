/** One line that tells what is going on: rewritten in place on a terminal, a plain line now and then elsewhere. */

const QUIET_MS = 1_000;
const TERMINAL_MS = 250;
const ELSEWHERE_MS = 10_000;

/**
 * Begins a line of progress on `out` (standard error). Nothing is shown for the first second; what is quicker needs no
 * words. See progress.d.mts for the shape.
 */
export function progress(label, { out = process.stderr, now = () => performance.now() } = {}) {
  const begun = now();
  const terminal = out.isTTY === true;
  let text = label;
  let shown = false;
  let timer = setTimeout(show, QUIET_MS);

  const seconds = () => `${Math.floor((now() - begun) / 1_000)} s`;

  function show() {
    shown = true;
    const line = `${text} … ${seconds()}`;
    out.write(terminal ? `\r\u001b[2K${line.slice(0, (out.columns ?? 80) - 1)}` : `${line}\n`);
    timer = setTimeout(show, terminal ? TERMINAL_MS : ELSEWHERE_MS);
  }

  return {
    say(doing) {
      text = doing;
    },
    end(sentence) {
      clearTimeout(timer);
      if (shown && terminal) out.write('\r\u001b[2K');
      if (sentence !== undefined) out.write(`${sentence}\n`);
      else if (shown) out.write(`${text}: done in ${seconds()}\n`);
    },
  };
}
