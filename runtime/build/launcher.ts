import type { Arch } from "./arch.ts";

/**
 * The program that images and start commands call. It starts the Node beside it.
 *
 * A shell script, because it must also run where that Node cannot, to report the reason: Node's
 * binaries need glibc, which musl images (Alpine) do not have.
 */
export function renderLauncher({ loader }: Arch): string {
  return `#!/bin/sh
# Starts the Opspec runtime with the Node that lies beside it.
self=$0
# Programs cost more to start than the rest of this script, so one is asked only when it is needed.
case $self in /*) ;; *) self=$(readlink -f -- "$self") ;; esac
if [ -L "$self" ]; then self=$(readlink -f -- "$self"); fi
dir=\${self%/*}
if [ ! -e ${loader} ]; then
  echo "opspec-runtime: this image has no glibc (${loader} is missing), which the bundled Node needs. Use a Debian or Ubuntu based image, for example the -slim tag instead of -alpine." >&2
  exit 78
fi
exec "$dir/node" --disable-warning=ExperimentalWarning --min-semi-space-size=8 "$dir/main.cjs" "$@"
`;
}
