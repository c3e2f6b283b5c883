import { type Command, type HostConnection, HostError } from "./connection.ts";

/** Exit code of our scripts for a path that does not exist. */
export const MISSING = 44;

/** The output of a command; undefined when it reports that its subject does not exist. */
export async function runUnlessMissing(
  client: HostConnection,
  command: Command,
): Promise<string | undefined> {
  try {
    return await client.run(command);
  } catch (error) {
    if (error instanceof HostError && error.code === MISSING) return undefined;
    throw error;
  }
}
