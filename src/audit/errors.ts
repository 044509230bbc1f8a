/** A fault of the log: something that must hold does not. Carries a code and a sentence for the person who has to act. */
export class LogFault extends Error {
  readonly code: 'contention' | 'sealed' | 'unknown-stream' | 'key';

  constructor(code: LogFault['code'], sentence: string, options?: ErrorOptions) {
    super(sentence, options);
    this.name = 'LogFault';
    this.code = code;
  }
}
