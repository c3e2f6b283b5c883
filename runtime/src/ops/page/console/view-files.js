import { API, ask, uploadFile } from "./api.js";
import { askPerson, attempt } from "./dialog.js";
import { button, el, table } from "./dom.js";
import { sizeWords, timeNode } from "./format.js";

/** @typedef {import("./answers.d.ts").FileEntry} FileEntry */

/** @typedef {{ path: string, entries: readonly (FileEntry & { path: string })[], isCut: boolean }} Listing */

/** The persisted files of the disk: browse, download and replace. */
export const filesView = {
  id: "files",
  title: "Files",
  load: () => list(shownPath()),
  /** @param {Listing} data */
  isThere: ({ path, entries }) => path !== "" || entries.length > 0,
  /** @param {Listing} data @param {() => Promise<void>} refresh */
  render: ({ path, entries, isCut }, refresh) => [
    el(
      "div",
      { class: "head" },
      crumbs(path),
      path !== "" && button("Put a file here…", () => attempt(() => putFile(path, refresh), told)),
    ),
    table(
      `Files in ${path || "the persisted directories"}`,
      ["Name", "Size", "Changed", ""],
      entries.map((entry) => rowOf(entry, refresh)),
    ),
    isCut && el("p", { class: "none" }, "Not all files are shown."),
  ],
};

/** The address contains the directory, so that the back button works. */
function shownPath() {
  const [id, ...parts] = location.hash.slice(1).split("/");
  return id === "files" ? parts.map(decodeURIComponent).join("/") : "";
}

/** @param {string} path @returns {Promise<Listing>} */
async function list(path) {
  if (path === "") {
    /** @type {{ paths: readonly (FileEntry & { path: string, exists: boolean })[] }} */
    const { paths } = await ask("GET", "/files");
    const entries = paths.filter(({ exists }) => exists);
    return { path, entries: entries.map((it) => ({ ...it, name: it.path })), isCut: false };
  }
  /** @type {{ entries: readonly FileEntry[], isCut?: boolean }} */
  const { entries, isCut = false } = await ask("GET", `/files/${encoded(path)}`);
  return { path, entries: entries.map((it) => ({ ...it, path: `${path}/${it.name}` })), isCut };
}

/** @param {FileEntry & { path: string }} entry @param {() => Promise<void>} refresh */
function rowOf({ name, path, kind, sizeBytes, modifiedAt }, refresh) {
  if (kind === "directory") {
    const link = el("a", { href: `#files/${encoded(path)}` }, `${name}/`);
    return [el("div", { class: "words" }, link), "", timeNode(modifiedAt), ""];
  }
  const replace = () => attempt(() => replaceFile(path, name, refresh), told);
  return [
    el("strong", { class: "words" }, name),
    sizeBytes === null ? "–" : sizeWords(sizeBytes),
    timeNode(modifiedAt),
    el(
      "div",
      { class: "actions" },
      el(
        "a",
        { class: "button", href: `${API}/files/${encoded(path)}`, download: name },
        "Download",
      ),
      button("Replace…", replace, { "aria-label": `Replace ${name}` }),
    ),
  ];
}

/** @param {string} path */
function crumbs(path) {
  if (path === "") return el("p", { class: "none" }, "Persisted on the disk:");
  const parts = path.split("/");
  const links = parts.map((part, at) =>
    el("a", { href: `#files/${encoded(parts.slice(0, at + 1).join("/"))}` }, part),
  );
  const all = [el("a", { href: "#files" }, "disk"), ...links];
  return el("p", { class: "words" }, ...all.flatMap((it) => [it, " / "]).slice(0, -1));
}

/** @param {string} directory @param {() => Promise<void>} refresh */
async function putFile(directory, refresh) {
  const answer = await askPerson({
    title: `Put a file into ${directory}`,
    text: "A file with the same name is kept beside it.",
    fields: [{ name: "file", label: "File", type: "file", required: true }],
    confirm: "Send",
  });
  const file = answer?.get("file");
  if (!(file instanceof File)) return undefined;
  await uploadFile(`/files/${encoded(`${directory}/${file.name}`)}`, file);
  await refresh();
  return file.name;
}

/** @param {string} path @param {string} name @param {() => Promise<void>} refresh */
async function replaceFile(path, name, refresh) {
  const answer = await askPerson({
    title: "Replace the file?",
    text: "The current file is kept beside it. If the app has it open, its later writes are lost.",
    fields: [
      { name: "file", label: "File", type: "file", required: true },
      { name: "confirm", label: `Type ${name}`, mustBe: name },
    ],
    confirm: "Replace",
    isDangerous: true,
  });
  const file = answer?.get("file");
  if (!(file instanceof File)) return undefined;
  await uploadFile(`/files/${encoded(path)}`, file);
  await refresh();
  return name;
}

/** @param {string | undefined} name */
function told(name) {
  return name === undefined ? undefined : `${name} was replaced.`;
}

/** @param {string} path */
function encoded(path) {
  return path.split("/").map(encodeURIComponent).join("/");
}
