/**
 * The titles of tests and groups in the source of a test file. Titles of `each` have their
 * placeholders.
 */
export function testTitles(source: string): string[] {
  const direct = source.matchAll(/^\s*(?:test|describe)\(\s*("(?:\\.|[^"\\\n])*"|`[^`]*`)/gm);
  const each = source.matchAll(/^\s*(?:test|describe)\.each[\s\S]*?\)\(\s*("(?:\\.|[^"\\\n])*")/gm);
  return [...direct, ...each].map(([, literal = ""]) =>
    literal.startsWith('"') ? (JSON.parse(literal) as string) : literal.slice(1, -1),
  );
}
