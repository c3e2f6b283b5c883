/** Parts of a shell text: quoted, escaped, plain, separators and spaces. */
const PARTS = /'[^']*'|"(?:\\.|[^"\\])*"|\\.|[^\s'"\\&|;()]+|[&|;()\n]|[^\S\n]+|./gs;

/** What separates two commands. */
const SEPARATORS = new Set(["&", "|", ";", "\n", "(", ")"]);

/** An assignment before a command, as in `KEEP=3 make trim`. */
const ASSIGNMENT = /^[A-Za-z_]\w*=/;

/**
 * The simple commands of a shell text, each as its words, without leading assignments.
 *
 * It finds the programs and files that a text names. It is no shell: a word with `$` or a backtick
 * stays as written.
 */
export function simpleCommands(text: string): string[][] {
  const commands: string[][] = [[]];
  let isInWord = false;
  for (const [part] of text.matchAll(PARTS)) {
    if (SEPARATORS.has(part)) commands.push([]);
    const isWord = !SEPARATORS.has(part) && part.trim() !== "";
    const words = commands.at(-1) ?? [];
    if (isWord && isInWord) words.push(`${words.pop() ?? ""}${unquote(part)}`);
    else if (isWord) words.push(unquote(part));
    isInWord = isWord;
  }
  return commands.map(withoutAssignments).filter((words) => words.length > 0);
}

/** Whether only a shell can expand this word. */
export function isDynamic(word: string): boolean {
  return /[$`*?]/.test(word);
}

function unquote(part: string): string {
  if (part.startsWith("'")) return part.slice(1, -1);
  if (part.startsWith('"')) return part.slice(1, -1).replaceAll(/\\([\\"$`])/g, "$1");
  return part.startsWith("\\") ? part.slice(1) : part;
}

function withoutAssignments(words: readonly string[]): string[] {
  const first = words.findIndex((word) => !ASSIGNMENT.test(word));
  return first === -1 ? [] : words.slice(first);
}
