import { parseDuration } from "@opspec/runtime/schedule";
import { z } from "zod";

/**
 * Longest key of a thing in a stack. Keys become Pulumi names and parts of Render names, whose
 * first label must fit into 63 characters of a host name together with the system's name.
 */
const KEY_LENGTH_MAX = 40;

/** A name of the operator's choice. `x-` marks blocks that only hold anchors, as in compose files. */
export const NotExtension = z
  .string()
  .refine(
    (it) => !it.startsWith("x-"),
    "should not start with x-, which marks blocks at the top level that only hold anchors",
  );

/** Key of a service, job or other named thing: also its Pulumi name, so renaming it replaces it. */
export const Key = NotExtension.regex(
  /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/,
  "should be lower-case words with hyphens, such as web or digest-weekdays",
)
  .max(KEY_LENGTH_MAX, `should have at most ${KEY_LENGTH_MAX} characters`)
  .meta({ id: "key" });

/** Name of an environment variable, in the form that every shell and Render accept. */
export const EnvName = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "should be an environment name such as SENDGRID_API_KEY")
  .meta({ id: "envName" });

/** Path of a URL, from the root. */
export const HttpPath = z
  .string()
  .regex(/^\/[^\s?#]*$/, "should be a path that starts with /, such as /healthz")
  .meta({ id: "httpPath" });

/** Directory or file relative to the app's working directory; never outside of it. */
export const RelativePath = z
  .string()
  .regex(
    /^(?!\/)(?!.*(^|\/)\.\.(\/|$))(?!.*\/\/)[^\s]*[^\s/]$/,
    "should be a path inside the app's directory, such as logs or tools/.digest_disabled",
  )
  .meta({ id: "relativePath" });

/** A path from the root of the file system, without `..` and without a slash at its end. */
export const AbsolutePath = z
  .string()
  .regex(/^(\/(?!\.\.?(\/|$))[^/\s]+)+$/, "should be an absolute path such as /var/data")
  .meta({ id: "absolutePath" });

/** A file or directory, of the app or from the root of the file system; without `..`. */
export const FilePath = z
  .string()
  .regex(
    /^(?!.*(^|\/)\.\.(\/|$))(?!.*\/\/)\S*[^\s/]$/,
    "should be a path such as logs/runs.jsonl or /data/app.db",
  )
  .meta({ id: "filePath" });

/** A length of time with its unit. */
export const Duration = z
  .string()
  .refine(isDuration, "should be a number and a unit, such as 90s, 15m, 6h, 7d or 2w")
  .meta({ id: "duration" });

/** A URL that is reached over the internet. */
export const HttpsUrl = z
  .string()
  .regex(/^https:\/\/[^\s/]+(\/\S*)?$/, "should be a URL that starts with https://")
  .meta({ id: "httpsUrl" });

/** Hexadecimal SHA-256. */
export const Sha256 = z
  .string()
  .regex(/^[0-9a-f]{64}$/, "should be 64 hexadecimal digits (sha256sum prints them)")
  .meta({ id: "sha256" });

/** One or several of the same. */
export function oneOrMore<T extends z.ZodType>(item: T): z.ZodUnion<[T, z.ZodArray<T>]> {
  return z.union([item, z.array(item).min(1, "should not be empty")]);
}

function isDuration(text: string): boolean {
  try {
    parseDuration(text);
    return true;
  } catch {
    return false;
  }
}

const HOSTNAME = /^(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$/;

/** Host name of a domain, without scheme, port or path. */
export const Hostname = z
  .string()
  .regex(HOSTNAME, {
    error: ({ input }) =>
      HOSTNAME.test(String(input).toLowerCase())
        ? "should be in lower case"
        : "should be a host name such as api.example.com",
  })
  .meta({ id: "hostname" });

/** An IPv4 or IPv6 range. */
export const Cidr = z
  .string()
  .regex(
    /^((25[0-5]|2[0-4]\d|1?\d?\d)(\.(?!\/)|(?=\/))){4}\/(3[0-2]|[12]?\d)$|^[0-9a-f:]*:[0-9a-f:]*\/(12[0-8]|1[01]\d|\d?\d)$/,
    "should be a range such as 203.0.113.10/32",
  )
  .meta({ id: "cidr" });

/** Plan ids change with the vendor, so they are an open word; a misspelt one is refused by Render. */
export const Plan = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9_. -]*$/, "should be a plan id such as starter or 1c-2g")
  .meta({ id: "plan" });

/** File name without a directory. */
export const FileName = z
  .string()
  .regex(/^[\w-][\w.-]*$/, "should be a file name without a directory, such as seed.db.gz.b64")
  .meta({ id: "fileName" });

/** Any JSON. */
export const JsonValue = z.json().register(z.globalRegistry, { id: "json" });
