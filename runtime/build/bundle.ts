import { copyFile, mkdir, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { build, type BuildOptions, type Plugin } from "esbuild";
import { BUNDLE_FILE, renderLoader } from "./loader.ts";

const SOURCE = join(import.meta.dirname, "..", "src");

/**
 * Optional packages of `pg`: a C library, and sockets of another platform.
 */
const NOT_SHIPPED = ["pg-native", "cloudflare:sockets"];

/** The console's files, which the runtime reads beside itself. */
const PAGE_FOLDER = join(SOURCE, "ops", "page", "console");

/** What of the page is sent as it is written. */
const PAGE_PLAIN = ["console.html", "icon.svg"];

/** Each file includes its imports, so that a browser makes one request for the script and one for the style. */
const PAGE_ENTRIES = ["console.js", "console.css"];

/** Packages that every command needs. Each other package is a file that is read when it is needed. */
const ALWAYS_NEEDED = new Set(["croner", "pino", "zod"]);

/** CommonJS packages call `require` for Node's own modules, which ES modules do not have. */
const REQUIRE = `import { createRequire as opspecCreateRequire } from "node:module";
const require = opspecCreateRequire(import.meta.url);`;

const COMMON = {
  bundle: true,
  platform: "node",
  // The oldest Node that the runtime supports.
  target: "node22.18",
  minifySyntax: true,
  minifyWhitespace: true,
  // Keeps names, so that the stack of a crash is readable.
  keepNames: true,
  external: NOT_SHIPPED,
  logLevel: "warning",
} as const satisfies BuildOptions;

/**
 * Bundles the runtime into `directory`: `main.cjs` with the commands, `lib/` with the large
 * packages (a job without Postgres reads no `pg`), and `app.mjs` for Node apps.
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
 * One CommonJS file, because it starts faster. For ES modules Node resolves, reads and links
 * each of 34 chunks, and fills in every export of each imported module of its own. A run of a
 * job takes 120 ms of CPU time, and 150 ms with ES modules.
 */
async function bundleCommands(directory: string): Promise<void> {
  const packages = new Map<string, string>();
  const options = {
    ...COMMON,
    outdir: directory,
    outExtension: { ".js": ".cjs" },
    format: "cjs",
    // An import becomes a require, which loads none of Node's code for ES modules.
    supported: { "dynamic-import": false },
    // Modules look for files beside themselves, which is now the bundle's directory.
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

/** The console, which the runtime reads beside itself. */
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
    // The oldest browsers with light-dark(), which the console's dark mode uses.
    target: ["chrome123", "firefox121", "safari17.5"],
    minify: true,
    logLevel: "warning",
  });
}

/** Puts each package that the runtime's modules import into its own file, and collects their names. */
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
 * Modules that pino loads and this runtime never uses, with their replacements: transports,
 * which are threads, and Node's assert, which opens stderr to detect colours. Without the
 * replacements they take a tenth of a run's start.
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
