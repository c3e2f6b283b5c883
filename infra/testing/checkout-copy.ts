import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const CHECKOUT = fileURLToPath(new URL("../..", import.meta.url));

/** Files that a checkout needs to run; its packages are shared. */
const PARTS = ["examples", "infra", "runtime", "scripts", "stacks", "package.json", "Pulumi.yaml"];

/** The built runtime: 120 MB. A copy builds it when it needs it. */
const BUILT = join(CHECKOUT, "runtime", "dist");

/** A copy of this checkout into which a test can write. */
export interface CheckoutCopy {
  /** The temporary directory that contains the copy. */
  readonly directory: string;
  readonly checkout: string;
  remove(): void;
}

/** Copies the checkout into a new temporary directory. */
export function copyCheckout(): CheckoutCopy {
  const directory = mkdtempSync(join(tmpdir(), "opspec-copy-"));
  const checkout = join(directory, "checkout");
  for (const part of PARTS) {
    cpSync(join(CHECKOUT, part), join(checkout, part), { recursive: true, filter: isWanted });
  }
  symlinkSync(join(CHECKOUT, "node_modules"), join(checkout, "node_modules"));
  mkdirSync(join(directory, "state"));
  return {
    directory,
    checkout,
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
}

function isWanted(from: string): boolean {
  return from !== BUILT;
}
