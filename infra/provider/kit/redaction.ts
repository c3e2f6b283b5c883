import { SecretFinder, secretForms } from "@opspec/runtime/secret-text";
import { type Call, CreatedPartially } from "./plugin.ts";
import { isObject, Secret, type Tree } from "./property-tree.ts";

/** Every secret text in the trees, in the forms in which an answer or a log repeats it. */
export function secretTexts(...trees: readonly Tree[]): string[] {
  return trees.flatMap((tree) => textsIn(tree, false)).flatMap(secretForms);
}

/** Redacts every secret in a text. */
export function redact(text: string, secrets: readonly string[]): string {
  const finder = new SecretFinder();
  finder.add(secrets);
  return finder.hide(text, "[secret]");
}

/** Runs a call of a resource and redacts its errors and progress lines. */
export async function concealing<Client, T>(
  call: Call<Client>,
  trees: readonly Tree[],
  run: (call: Call<Client>) => Promise<T>,
): Promise<T> {
  const own = secretTexts(...trees);
  const conceal = (text: string): string => redact(text, [...own, ...call.secrets()]);
  try {
    return await run({ ...call, progress: (message) => call.progress(conceal(message)) });
  } catch (error) {
    throw concealed(error, conceal);
  }
}

function concealed(error: unknown, conceal: (text: string) => string): unknown {
  if (!(error instanceof Error)) return conceal(String(error));
  const cause = error.cause === undefined ? undefined : concealed(error.cause, conceal);
  if (error instanceof CreatedPartially) return new CreatedPartially(error.id, cause);
  const clean = new Error(conceal(error.message), { ...(cause !== undefined && { cause }) });
  clean.name = error.name;
  if (error.stack !== undefined) clean.stack = conceal(error.stack);
  return clean;
}

function textsIn(tree: Tree, isSecret: boolean): string[] {
  if (tree instanceof Secret) return textsIn(tree.value, true);
  if (Array.isArray(tree)) return tree.flatMap((it: Tree) => textsIn(it, isSecret));
  if (isObject(tree)) return Object.values(tree).flatMap((it) => textsIn(it, isSecret));
  return isSecret && (typeof tree === "string" || typeof tree === "number") ? [String(tree)] : [];
}
