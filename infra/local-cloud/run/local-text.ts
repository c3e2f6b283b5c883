/** A text and its replacement on this machine. */
export interface Replacement {
  readonly pattern: RegExp;
  readonly by: string;
}

/** Replaces Render's paths and addresses with those of this machine. */
export function localText(text: string, replacements: readonly Replacement[]): string {
  return replacements.reduce((it, { pattern, by }) => it.replace(pattern, () => by), text);
}

/**
 * An absolute path and everything below it.
 *
 * Mounting a directory there needs privileges, so texts that contain the path are changed instead.
 * A program with the path in its own code does not find it.
 */
export function pathReplacement(path: string, directory: string): Replacement {
  return { pattern: new RegExp(`(?<![\\w./-])${escaped(path)}(?![\\w.-])`, "g"), by: directory };
}

/** A literal text, such as a connection string. */
export function textReplacement(text: string, by: string): Replacement {
  return { pattern: new RegExp(escaped(text), "g"), by };
}

/** The public and private addresses of a service. */
export function addressReplacements(slug: string, port: number, usual: number): Replacement[] {
  const name = escaped(slug);
  return [
    { pattern: new RegExp(`https://${name}\\.onrender\\.com(?![\\w.-])`, "g"), by: here(port) },
    { pattern: new RegExp(`(?<![\\w.-])${name}:${usual}(?!\\d)`, "g"), by: `127.0.0.1:${port}` },
    // Other ports are opened by the service itself and are the same here.
    { pattern: new RegExp(`(?<=//|@)${name}(?=:\\d)`, "g"), by: "127.0.0.1" },
  ];
}

function here(port: number): string {
  return `http://127.0.0.1:${port}`;
}

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\/-]/g, String.raw`\$&`);
}
