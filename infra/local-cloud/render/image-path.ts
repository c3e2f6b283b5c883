const DEFAULT_HOST = "docker.io";
const DEFAULT_NAMESPACE = "library";
const DEFAULT_TAG = "latest";

/** The full name of an image as Render reads it back: `nginx` becomes `docker.io/library/nginx:latest`. */
export function fullImagePath(path: string): string {
  const name = withHost(path);
  return hasVersion(name) ? name : `${name}:${DEFAULT_TAG}`;
}

/** Host, namespace and name without tag and digest: what an `imageUrl` of a deploy may not change. */
export function imageRepository(path: string): string {
  const [name = ""] = withHost(path).split("@");
  const lastSlash = name.lastIndexOf("/");
  const tag = name.indexOf(":", lastSlash);

  return tag === -1 ? name : name.slice(0, tag);
}

/** A first segment with a dot or a port, or `localhost`, is a host; everything else lives on Docker Hub. */
function withHost(path: string): string {
  const segments = path.split("/");
  const [first = ""] = segments;
  if (segments.length === 1) return `${DEFAULT_HOST}/${DEFAULT_NAMESPACE}/${path}`;

  return /[.:]|^localhost$/.test(first) ? path : `${DEFAULT_HOST}/${path}`;
}

function hasVersion(name: string): boolean {
  return name.includes("@") || name.slice(name.lastIndexOf("/")).includes(":");
}
