/** One aligned line on the terminal: when, how it went, what, whom it is about, and the rest. */
function print(mark: string, what: string, subject: string, detail: string): void {
  const time = new Date().toTimeString().slice(0, 8);
  process.stdout.write(
    `${time}  ${mark} ${what.padEnd(15)} ${subject.padEnd(20)} ${firstLine(detail)}`.trimEnd() + '\n',
  );
}

/** Something ended well. */
export function printDone(what: string, subject: string, detail: string): void {
  print('✓', what, subject, detail);
}

/** Something failed. */
export function printFailed(what: string, subject: string, detail: string): void {
  print('✗', what, subject, detail);
}

/** Something happened. */
export function printNews(what: string, subject: string, detail = ''): void {
  print('→', what, subject, detail);
}

function firstLine(text: string): string {
  return text.split('\n', 1).join('');
}
