/** A text and what stands for it on this machine. */
export interface Replacement {
  readonly pattern: RegExp;
  readonly by: string;
}

/** Puts what stands for them on this machine in the place of paths and addresses of Render. */
export function localText(text: string, replacements: readonly Replacement[]): string {
  return replacements.reduce((it, { pattern, by }) => it.replace(pattern, () => by), text);
}

/**
 * An absolute path and everything below it.
 *
 * Nothing can be mounted there without privileges, so texts that name it are changed instead: a
 * program with the path in its own code does not find it, which is the limit of this first form.
 */
export function pathReplacement(path: string, directory: string): Replacement {
  return { pattern: new RegExp(`(?<![\\w./-])${escaped(path)}(?![\\w.-])`, "g"), by: directory };
}

/** A text as it is, such as a connection string. */
export function textReplacement(text: string, by: string): Replacement {
  return { pattern: new RegExp(escaped(text), "g"), by };
}

/** The public and the private address of a service, by the name that only Render's network knows. */
export function addressReplacements(slug: string, port: number, usual: number): Replacement[] {
  const name = escaped(slug);
  return [
    { pattern: new RegExp(`https://${name}\\.onrender\\.com(?![\\w.-])`, "g"), by: here(port) },
    { pattern: new RegExp(`(?<![\\w.-])${name}:${usual}(?!\\d)`, "g"), by: `127.0.0.1:${port}` },
    // Another port is one that the service opens by itself, and that is the same here.
    { pattern: new RegExp(`(?<=//|@)${name}(?=:\\d)`, "g"), by: "127.0.0.1" },
  ];
}

function here(port: number): string {
  return `http://127.0.0.1:${port}`;
}

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\/-]/g, String.raw`\$&`);
}
