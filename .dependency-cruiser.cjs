// Who may import whom. One rule a row of the table in CONTRIBUTING.md, each with its reason.

/** Tests may import anything; so may the test helpers. */
const TESTS = String.raw`\.test\.ts$|^infra/testing/|^runtime/testing/|^tests/`;

/** The runtime's pure modules, which both sides of a deployment share. */
const PURE =
  "^runtime/src/(contract/manifest|contract/secret-text|schedule/schedule|jobs/catalog|version)\\.ts$";

/** The folder of the jobs. */
const JOBS = "^runtime/src/jobs/";

/** What reaches outside the process. Paths, hashes and events do not. */
const INPUT_OUTPUT =
  "^(node:)?(fs|net|tls|http|https|http2|dns|dgram|child_process|cluster|worker_threads|os|process|readline|repl|sqlite)(/|$)";

/** The types of a module vanish when it runs, so importing them couples to its words, not to its work. */
const TYPES_ONLY = ["type-only"];

const npm = (names) => `(^|/)node_modules/(${names.join("|")})/`;

/** `from` may import the paths listed, npm packages included, and nothing else of this project or of npm. */
const only = (name, from, { may, comment }) => ({
  name,
  comment,
  severity: "error",
  from: { path: from, pathNot: TESTS },
  to: { path: "^(infra|runtime|scripts|tests)/|node_modules/", pathNot: [from, ...may] },
});

module.exports = {
  forbidden: [
    only("spec", "^infra/spec/", {
      may: [npm(["zod", "yaml", "fastest-levenshtein"]), "^infra/errors\\.ts$", PURE],
      comment: "What may be written is known without the engine, a provider or a deployment.",
    }),
    {
      name: "spec-parses-in-one-place",
      comment: "Only parse.ts touches files, so everything else of the spec can be given a text.",
      severity: "error",
      from: { path: "^infra/spec/", pathNot: ["^infra/spec/parse\\.ts$", TESTS] },
      to: { path: INPUT_OUTPUT },
    },
    only("model", "^infra/model/", {
      may: ["^infra/spec/", "^infra/errors\\.ts$", "^infra/resources/facts\\.ts$", PURE],
      comment: "The model decides in plain data: every decision is tested by calling a function.",
    }),
    {
      name: "model-knows-the-spec-by-its-types",
      comment: "A model is made from a parsed spec; parsing is over when modelling starts.",
      severity: "error",
      from: { path: "^infra/model/", pathNot: TESTS },
      to: { path: "^infra/spec/", dependencyTypesNot: TYPES_ONLY },
    },
    {
      name: "model-is-pure",
      comment: "Never Pulumi, never input or output, not even through another module.",
      severity: "error",
      from: { path: "^infra/model/", pathNot: TESTS },
      to: { path: `${npm(["@pulumi"])}|${INPUT_OUTPUT}`, reachable: true },
    },
    only("components", "^infra/components/", {
      may: [
        npm(["@pulumi"]),
        "^infra/(model|resources)/",
        "^infra/(secrets|outputs|errors)\\.ts$",
        PURE,
      ],
      comment: "A component transcribes the model into resources; it has nothing to ask elsewhere.",
    }),
    {
      name: "program",
      comment:
        "The Pulumi program is deployed, so it holds no provider, no local cloud, no script.",
      severity: "error",
      from: { path: "^infra/(program|index)\\.ts$" },
      to: { path: "^infra/(provider|local-cloud|testing)/|^(scripts|tests)/" },
    },
    {
      name: "index-is-an-entry",
      comment: "Modules are cached: what registers resources on import runs once in a process.",
      severity: "error",
      from: {},
      to: { path: "^infra/index\\.ts$" },
    },
    only("resources", "^infra/resources/", {
      may: [npm(["zod"])],
      comment: "Contracts are read by the program and by the plugins alike.",
    }),
    {
      name: "resources-start-fast",
      comment: "Importing @pulumi/pulumi costs a plugin 0.7 s and 150 MB.",
      severity: "error",
      from: { path: "^infra/resources/", pathNot: TESTS },
      to: { path: npm(["@pulumi"]), reachable: true },
    },
    only("provider", "^infra/provider/", {
      may: [
        "(^|/)node_modules/@pulumi/pulumi/proto/",
        npm(["@grpc", "google-protobuf", "zod", "@types", "ssh2"]),
        "^infra/resources/",
        "^infra/errors\\.ts$",
        "^scripts/bootstrap/node\\.mjs$",
        "^runtime/src/contract/secret-text\\.ts$",
      ],
      comment:
        "A plugin knows its resources only; the program that uses them may change under it. The forms of a secret are one list for both sides.",
    }),
    {
      name: "provider-starts-fast",
      comment: "Of Pulumi only the protocol's messages: the SDK costs 0.7 s and 150 MB.",
      severity: "error",
      from: { path: "^infra/provider/", pathNot: TESTS },
      to: { path: "(^|/)node_modules/@pulumi/(?!pulumi/proto/)", reachable: true },
    },
    {
      name: "local-cloud",
      comment: "It stands for somebody else's service, so it shares nothing with what calls it.",
      severity: "error",
      from: { path: "^infra/local-cloud/", pathNot: TESTS },
      to: { path: "^(infra|runtime|scripts|tests)/", pathNot: "^infra/local-cloud/" },
    },
    {
      name: "runtime",
      comment: "It ships alone, into containers without Pulumi and without this project.",
      severity: "error",
      from: { path: "^runtime/", pathNot: TESTS },
      to: { path: `^(infra|scripts|tests)/|${npm(["@pulumi"])}` },
    },
    {
      name: "runtime-starts-fast",
      comment:
        "A bundler keeps all of zod, 600 kB and 12 MB of memory a run; of zod/mini what is used, 57 kB.",
      severity: "error",
      from: { path: "^runtime/src/", pathNot: TESTS },
      to: { path: "(^|/)node_modules/zod/(index\\.|v3/|v4/(index|classic/))" },
    },
    {
      name: "systems-are-separate",
      comment: "A system can be deleted with its folder: only the generated lists import it.",
      severity: "error",
      from: {
        path: "^(infra|runtime|scripts)/",
        pathNot: [
          TESTS,
          String.raw`^runtime/src/systems/[^/]+\.gen\.ts$`,
          "^runtime/src/systems/([^/]+)/",
        ],
      },
      to: { path: "^runtime/src/systems/[^/]+/" },
    },
    {
      name: "a-system-imports-no-other",
      comment: "Deleting the folder of one system must not break another one.",
      severity: "error",
      from: { path: "^runtime/src/systems/([^/]+)/" },
      to: { path: "^runtime/src/systems/[^/]+/", pathNot: "^runtime/src/systems/$1/" },
    },
    {
      name: "a-job-is-one-folder-and-one-line",
      comment:
        "To delete a job, delete its folder and its line in list.ts; nobody else may import it.",
      severity: "error",
      from: { path: "^(infra|runtime|scripts)/", pathNot: [`${JOBS}(list\\.ts$|[^/]+/)`, TESTS] },
      to: { path: `${JOBS}[^/]+/` },
    },
    {
      name: "jobs-share-beside-their-folders",
      comment: "A job that imports another one could not be kept without it.",
      severity: "error",
      from: { path: `${JOBS}([^/]+)/`, pathNot: TESTS },
      to: { path: `${JOBS}[^/]+/`, pathNot: `${JOBS}$1/` },
    },
    {
      name: "tests-stay-outside",
      comment: "Product code never depends on a stand-in; a figure is measured as a test is.",
      severity: "error",
      from: { pathNot: [TESTS, "^scripts/bench/", "^vitest\\.config\\.ts$"] },
      to: { path: TESTS },
    },
    {
      name: "no-circles",
      comment:
        "Modules that need each other are one module, and load in an order that nobody chose. Cycles of types count.",
      severity: "error",
      from: {},
      to: { circular: true },
    },
    {
      name: "resolvable",
      comment: "An import of something that is not there fails when it is too late.",
      severity: "error",
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    // Built from runtime/src, and not there before the first build.
    exclude: { path: "^runtime/dist/" },
    tsConfig: { fileName: "tsconfig.json" },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "node", "default"],
    },
  },
};
