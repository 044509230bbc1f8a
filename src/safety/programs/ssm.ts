/**
 * The shell text in the parameters of AWS Systems Manager: JSON, or the short form (`commands=["df -h","uptime"]`,
 * `commands=uptime`). Null when it cannot be read.
 */
export function ssmCommands(parameters: string): string | null {
  const text = parameters.trim();
  const short = /^commands=(?:(\[[\s\S]*\])|([^[\]{},="']+))$/.exec(text);
  if (short?.[2] !== undefined) return short[2];
  const value = parsed(short?.[1] === undefined ? text : `{"commands":${short[1]}}`);
  const commands = typeof value === 'object' && value !== null && 'commands' in value ? value.commands : null;
  const lines: unknown = typeof commands === 'string' ? [commands] : commands;
  return Array.isArray(lines) && lines.every((line) => typeof line === 'string') ? lines.join('\n') : null;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
