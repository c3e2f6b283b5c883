import { setTimeout as sleep } from "node:timers/promises";
import type { Call } from "../kit/plugin.ts";
import { type Json, RenderError, memberAt, textOf } from "./answer.ts";
import type { RenderClient } from "./client.ts";

/** How one resource is found again, or made. */
export interface Creation<T> {
  /** In words: `web service`, `Postgres database`. */
  readonly noun: string;
  readonly name: string;
  /** Where the spec has the options of this one, when it is not a `pulumi:` of its own. */
  readonly optionsKey?: string | undefined;
  /** Take over one that is there, whoever made it. */
  readonly adopt: boolean;
  /** Everything of this name in this place. */
  namesakes(): Promise<readonly Json[]>;
  /** Is it proven that a create of ours made it? */
  isOurs(namesake: Json): Promise<boolean>;
  /** Why it cannot become ours without being replaced; `undefined` when it can. */
  mismatch(namesake: Json): string | undefined;
  post(): Promise<T>;
}

/**
 * Makes the resource once, or takes up what is ours already.
 *
 * One of the name that is neither proven ours nor given to us by `adopt` is somebody else's: it is not
 * touched, and the error says how to take it over.
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
    `name: the ${noun} "${name}" (${idOf(namesake)}) exists and cannot be taken over: ${reason}. ` +
      `Declare what it has, or choose another name.`,
  );
}

function unmanagedMessage<T>(
  { noun, name, optionsKey = "pulumi" }: Creation<T>,
  ids: readonly string[],
): string {
  const [many, exist] =
    ids.length > 1 ? [`${ids.length} of the kind ${noun}`, "exist"] : [`a ${noun}`, "exists"];
  const id = ids.length > 1 ? "<one of them>" : ids[0];
  // Nobody can tell which of several is meant by a name.
  const adopting = ids.length > 1 ? "" : `, or ${optionsKey}: { adopt: true }`;
  return (
    `name: ${many} called "${name}" ${exist} (${ids.join(", ")}) and was not made for this resource. ` +
    `Take it over: set ${optionsKey}: { import: ${id} } for it in the spec for one up, whose preview shows what differs${adopting}. ` +
    `Or choose another name.`
  );
}

/** The id of anything that Render lists. */
export function idOf(record: Json): string {
  return textOf(memberAt(record, ["id"]), "id");
}

/** How often something is made when its answers are lost. */
const ATTEMPTS_MAX = 4;

/**
 * Makes something once, whatever gets lost on the way.
 *
 * Before each try it is looked for: what a lost one made is there, and taken.
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
      // Render's lists should show by then what the lost one made.
      await sleep(client.pace.backoffMs * 2 ** attempt, undefined, { signal });
    }
  }
}
