/** What is going on, for a person who waits. */
export type Progress = {
  /** Says what is being done now, in a few words; shown with the next update of the line. */
  say(doing: string): void;
  /** Ends the line: with this sentence, or with the time taken when anything had been shown. */
  end(sentence?: string): void;
};

/** Begins a line of progress. Nothing is shown for the first second; `out` is standard error and `now` in milliseconds. */
export function progress(
  label: string,
  options?: {
    out?: { write(text: string): unknown; isTTY?: boolean | undefined; columns?: number | undefined };
    now?: () => number;
  },
): Progress;
