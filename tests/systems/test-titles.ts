/**
 * The titles in the source of a test file: of tests and of groups, those with `each` as they are
 * written, with their placeholders.
 */
export function testTitles(source: string): string[] {
  const direct = source.matchAll(/^\s*(?:test|describe)\(\s*("(?:\\.|[^"\\\n])*"|`[^`]*`)/gm);
  const each = source.matchAll(/^\s*(?:test|describe)\.each[\s\S]*?\)\(\s*("(?:\\.|[^"\\\n])*")/gm);
  return [...direct, ...each].map(([, literal = ""]) =>
    literal.startsWith('"') ? (JSON.parse(literal) as string) : literal.slice(1, -1),
  );
}
