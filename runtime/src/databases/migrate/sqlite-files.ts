import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { access, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

/** One migration as the app ships it. */
export interface MigrationFile {
  /** Name of the file without its extension: it orders the migrations and names them for good. */
  readonly id: string;
  readonly path: string;
  /** `sql`: run in one transaction. `command`: an executable file, which must be safe to repeat. */
  readonly kind: "sql" | "command";
  /** SHA-256 of the content, by which a renamed file is recognised. */
  readonly checksum: string;
}

/** The migrations of a folder in the order of their ids. Files that are neither kind are not migrations. */
export async function readMigrationFiles(directory: string): Promise<MigrationFile[]> {
  const names = (await readdir(directory)).toSorted();
  const files = await Promise.all(names.map((name) => readMigrationFile(directory, name)));
  return unique(files.filter((file) => file !== undefined));
}

async function readMigrationFile(
  directory: string,
  name: string,
): Promise<MigrationFile | undefined> {
  const path = join(directory, name);
  const isSql = name.endsWith(".sql");
  if (name.startsWith(".") || (!isSql && !(await isExecutable(path)))) return undefined;
  const checksum = createHash("sha256")
    .update(await readFile(path))
    .digest("hex");
  const id = isSql ? name.slice(0, -".sql".length) : name.replace(/\.[^.]+$/, "");
  return { id, path, kind: isSql ? "sql" : "command", checksum };
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

function unique(files: MigrationFile[]): MigrationFile[] {
  const twice = files.filter(({ id }, index) => files.findIndex((it) => it.id === id) !== index);
  if (twice.length === 0) return files;
  const ids = twice.map(({ id }) => `"${id}"`).join(", ");
  throw new Error(`migrations: two files have the id ${ids}. Give each file a name of its own.`);
}
