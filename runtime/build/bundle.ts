import { copyFile, mkdir, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { build, type BuildOptions, type Plugin } from "esbuild";
import { BUNDLE_FILE, renderLoader } from "./loader.ts";

const SOURCE = join(import.meta.dirname, "..", "src");

/**
 * Packages that `pg` looks for and does without: a C library, and sockets of another platform.
 */
const NOT_SHIPPED = ["pg-native", "cloudflare:sockets"];

/** The page for operators: the runtime reads its files beside itself. */
const PAGE_FOLDER = join(SOURCE, "ops", "page", "console");

/** What of the page is sent as it is written. */
const PAGE_PLAIN = ["console.html", "icon.svg"];

/** Each with all that it imports, so that a browser asks once for the script and once for the style. */
const PAGE_ENTRIES = ["console.js", "console.css"];

/** Packages that every command needs; each of the others is a file that is read when it is needed. */
const ALWAYS_NEEDED = new Set(["croner", "pino", "zod"]);

/** CommonJS packages in an ES module call `require` for Node's own modules, which ES modules lack. */
const REQUIRE = `import { createRequire as opspecCreateRequire } from "node:module";
const require = opspecCreateRequire(import.meta.url);`;

const COMMON = {
  bundle: true,
  platform: "node",
  // The oldest Node that the runtime supports.
  target: "node22.18",
  minifySyntax: true,
  minifyWhitespace: true,
  // Names stay: a stack in a crash line must say where it was.
  keepNames: true,
  external: NOT_SHIPPED,
  logLevel: "warning",
} as const satisfies BuildOptions;

/**
 * Bundles the runtime into `directory`: `main.cjs` starts the commands, of which the heavy
 * packages are in `lib/` (a job without Postgres reads no `pg`), and `app.mjs` for Node apps.
 */
export async function bundle(directory: string): Promise<void> {
  await bundleCommands(directory);
  await placePage(join(directory, basename(PAGE_FOLDER)));
  await build({
    ...COMMON,
    entryPoints: { app: join(SOURCE, "app.ts") },
    outdir: directory,
    outExtension: { ".js": ".mjs" },
    chunkNames: "chunks/[name]-[hash]",
    splitting: true,
    format: "esm",
    banner: { js: REQUIRE },
  });
}

/**
 * One CommonJS file, because that is what starts: of ES modules Node resolves, reads and links each
 * of 34 chunks, and fills in every export of each of its own modules that one of them imports.
 * A run of a job takes 120 ms of a processor so, and 150 ms in ES modules.
 */
async function bundleCommands(directory: string): Promise<void> {
  const packages = new Map<string, string>();
  const options = {
    ...COMMON,
    outdir: directory,
    outExtension: { ".js": ".cjs" },
    format: "cjs",
    // An import is a require then, which loads no part of Node that ES modules need.
    supported: { "dynamic-import": false },
    // Modules look for files beside them; all of them are the bundle now.
    define: { "import.meta.dirname": "__dirname" },
  } as const satisfies BuildOptions;
  await build({
    ...options,
    entryPoints: { [basename(BUNDLE_FILE, ".cjs")]: join(SOURCE, "main.ts") },
    plugins: [heavyPackages(packages), lightLogging],
  });
  await build({
    ...options,
    absWorkingDir: SOURCE,
    entryPoints: Object.fromEntries([...packages].map(([name, file]) => [`lib/${file}`, name])),
  });
  await writeFile(join(directory, "main.cjs"), renderLoader());
}

/** The page for operators, which the runtime reads beside itself. */
async function placePage(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true });
  await Promise.all(
    PAGE_PLAIN.map((file) => copyFile(join(PAGE_FOLDER, file), join(directory, file))),
  );
  await build({
    entryPoints: PAGE_ENTRIES.map((file) => join(PAGE_FOLDER, file)),
    outdir: directory,
    bundle: true,
    format: "esm",
    // The oldest browsers that know light-dark(), with which the page has its dark colours.
    target: ["chrome123", "firefox121", "safari17.5"],
    minify: true,
    logLevel: "warning",
  });
}

/** Leaves the packages that the runtime's own modules import to a file each, and notes their names. */
function heavyPackages(packages: Map<string, string>): Plugin {
  return {
    name: "heavy-packages",
    setup({ onResolve }) {
      onResolve({ filter: /^[^.]/ }, ({ path, importer, kind }) => {
        const [name = ""] = path.split("/");
        const isOwn = importer.startsWith(SOURCE) && kind !== "entry-point";
        if (!isOwn || path.startsWith("node:") || ALWAYS_NEEDED.has(name)) return undefined;
        const file = path.replaceAll("/", "-");
        packages.set(path, file);
        return { path: `./lib/${file}.cjs`, external: true };
      });
    },
  };
}

/**
 * What pino's modules load and this runtime never uses, with what stands in for it: transports,
 * which are threads, and Node's assert, which opens stderr to see whether it has colours.
 * Every run loads them otherwise, for a tenth of its start.
 */
const UNUSED_BY_LOGGING: readonly { path: RegExp; importer: RegExp; standIn: string }[] = [
  {
    path: /^\.\/(lib\/)?transport$/,
    importer: /\/pino\/(pino|lib\/\w+)\.js$/,
    standIn: 'module.exports = () => { throw new Error("transports are not shipped"); };',
  },
  {
    path: /^worker_threads$/,
    importer: /\/pino\/lib\/tools\.js$/,
    standIn: "exports.isMainThread = true;",
  },
  {
    path: /^assert$/,
    importer: /\/sonic-boom\/index\.js$/,
    standIn: "module.exports = (isTrue, message) => { if (!isTrue) throw new Error(message); };",
  },
];

const lightLogging: Plugin = {
  name: "light-logging",
  setup({ onLoad, onResolve }) {
    for (const { path: filter, importer, standIn } of UNUSED_BY_LOGGING) {
      const namespace = `stand-in-${filter.source}`;
      onResolve({ filter }, (asked) =>
        importer.test(asked.importer) ? { path: asked.path, namespace } : undefined,
      );
      onLoad({ filter: /./, namespace }, () => ({ contents: standIn }));
    }
  },
};
