import { setTimeout as sleep } from "node:timers/promises";
import type { Call } from "../kit/plugin.ts";
import { type Json, RenderError, memberAt, textOf } from "./answer.ts";
import type { RenderClient } from "./client.ts";

/** How a resource is found or created. */
export interface Creation<T> {
  /** In words: `web service`, `Postgres database`. */
  readonly noun: string;
  readonly name: string;
  /** The spec path of its Pulumi options, when it has no own `pulumi:` key. */
  readonly optionsKey?: string | undefined;
  /** Adopts an existing one, whoever created it. */
  readonly adopt: boolean;
  /** Existing resources with this name in this place. */
  namesakes(): Promise<readonly Json[]>;
  /** Whether it is proven that our create made it. */
  isOurs(namesake: Json): Promise<boolean>;
  /** Why it cannot be adopted without a replacement; `undefined` when it can. */
  mismatch(namesake: Json): string | undefined;
  post(): Promise<T>;
}

/**
 * Creates the resource once, or continues with one that our create made.
 *
 * An existing one with the name that is neither proven ours nor adopted is unmanaged: it is not
 * changed, and the error says how to adopt it.
 */
export async function findOrPost<T>(
  creation: Creation<T>,
  call: Call<RenderClient>,
): Promise<{ readonly found: Json } | { readonly made: T }> {
  return postOnce<{ found: Json } | { made: T }>(call, {
    look: async () => {
      const found = await findOurs(creation);
      return found === undefined ? undefined : { found };
    },
    post: async () => ({ made: await creation.post() }),
  });
}

async function findOurs<T>(creation: Creation<T>): Promise<Json | undefined> {
  const namesakes = await creation.namesakes();
  for (const namesake of namesakes) {
    if (await creation.isOurs(namesake)) return fitting(creation, namesake);
  }
  const [unmanaged] = namesakes;
  if (unmanaged === undefined) return undefined;
  const taken = fitting(creation, unmanaged);
  if (creation.adopt && namesakes.length === 1) return taken;
  throw new Error(unmanagedMessage(creation, namesakes.map(idOf)));
}

function fitting<T>({ noun, name, mismatch }: Creation<T>, namesake: Json): Json {
  const reason = mismatch(namesake);
  if (reason === undefined) return namesake;
  throw new Error(
    `name: the ${noun} "${name}" (${idOf(namesake)}) exists and cannot be adopted: ${reason}. ` +
      `Declare its values, or choose another name.`,
  );
}

function unmanagedMessage<T>(
  { noun, name, optionsKey = "pulumi" }: Creation<T>,
  ids: readonly string[],
): string {
  const [many, exist] =
    ids.length > 1 ? [`${ids.length} of the kind ${noun}`, "exist"] : [`a ${noun}`, "exists"];
  const id = ids.length > 1 ? "<one of them>" : ids[0];
  // With several of one name it is unclear which one is meant.
  const adopting = ids.length > 1 ? "" : `, or ${optionsKey}: { adopt: true }`;
  return (
    `name: ${many} called "${name}" ${exist} (${ids.join(", ")}) and this resource did not create it. ` +
    `To adopt it, set ${optionsKey}: { import: ${id} } in the spec for one up, whose preview shows the differences${adopting}. ` +
    `Or choose another name.`
  );
}

/** The id of a listed resource. */
export function idOf(record: Json): string {
  return textOf(memberAt(record, ["id"]), "id");
}

/** Most attempts of a create whose answers are lost. */
const ATTEMPTS_MAX = 4;

/**
 * Creates a resource exactly once, even if answers are lost.
 *
 * Before each attempt it checks whether a lost attempt created the resource.
 */
export async function postOnce<T>(
  { client, signal }: { client: RenderClient; signal: AbortSignal },
  { look, post }: { look: () => Promise<T | undefined>; post: () => Promise<T> },
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    const existing = await look();
    if (existing !== undefined) return existing;
    try {
      return await post();
    } catch (error) {
      const isLost = error instanceof RenderError && error.maybeDone;
      if (!isLost || attempt >= ATTEMPTS_MAX) throw error;
      // By then Render's lists should show what the lost attempt created.
      await sleep(client.pace.backoffMs * 2 ** attempt, undefined, { signal });
    }
  }
}
