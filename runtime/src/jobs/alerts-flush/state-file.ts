import { readFile } from "node:fs/promises";
import { replaceFile } from "../file.ts";
import { errorCode } from "../../contract/error-code.ts";
import { StoreError } from "../../databases/store-error.ts";

/** The JSON value of a file, or its text where it is none; undefined when there is no file. */
export async function readStateFile(path: string): Promise<unknown> {
  try {
    return parse(await readFile(path, "utf8"));
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    throw new StoreError({ where: path, verb: "read what was sent last" }, error);
  }
}

/** Writes the value in one step, so that a crash leaves the old one or the new one. */
export async function writeStateFile(path: string, value: unknown): Promise<void> {
  try {
    await replaceFile(path, `${JSON.stringify(value, null, 2)}\n`);
  } catch (error) {
    throw new StoreError({ where: path, verb: "store what was sent last" }, error);
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
