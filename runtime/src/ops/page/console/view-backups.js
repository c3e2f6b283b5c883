import { actor, API, ask, restoreUpload, untilEnded, uploadDatabase } from "./api.js";
import { askPerson, attempt, notify } from "./dialog.js";
import { button, el, statusBadge, table } from "./dom.js";
import { sizeWords, timeNode } from "./format.js";

/** @typedef {import("./answers.d.ts").Backups} Backups */
/** @typedef {import("./answers.d.ts").Backup} Backup */

/** @typedef {Backups["sets"][number]} BackupSet */

/** Backups of databases: take, verify, download and restore. */
export const backupsView = {
  id: "backups",
  title: "Backups",
  load: () => ask("GET", "/backups"),
  /** @param {Backups} data */
  isThere: ({ sets }) => sets.length > 0,
  /** @param {Backups} data @param {() => Promise<void>} refresh */
  render: ({ sets }, refresh) => sets.flatMap((set) => setNodes(set, refresh)),
};

/** @param {BackupSet} set @param {() => Promise<void>} refresh */
function setNodes(set, refresh) {
  const { job, directory, keep, backups, restoredBy } = set;
  return [
    el(
      "div",
      { class: "head" },
      el(
        "div",
        {},
        el("h3", {}, job),
        el(
          "small",
          { class: "words" },
          `${backups.length} in ${directory}; ${keep} are kept at most`,
        ),
      ),
      el(
        "div",
        { class: "actions" },
        restoredBy !== null &&
          button("Restore from a file…", () => attempt(() => restoreSent(refresh))),
        button("Back up now", () => attempt(() => take(job, refresh)), { class: "primary" }),
      ),
    ),
    table(
      `Backups of ${job}`,
      ["Taken", "File", "Verdict", ""],
      backups.map((backup) => rowOf(backup, set, refresh)),
    ),
  ];
}

/**
 * Verify and restore are offered only where a job does them.
 *
 * @param {Backup} backup
 * @param {BackupSet} set
 * @param {() => Promise<void>} refresh
 */
function rowOf(backup, { verifiedBy, restoredBy }, refresh) {
  const { filename, size, createdAt, reason, sha256 } = backup;
  const path = `/backups/${encodeURIComponent(filename)}`;
  return [
    timeNode(createdAt),
    el(
      "div",
      {},
      el("strong", {}, filename),
      el("small", {}, [sizeWords(size), reason].filter((it) => it !== null).join(" · ")),
      sha256 !== null && el("small", { title: sha256 }, `sha256 ${sha256.slice(0, 12)}…`),
    ),
    verdictNode(backup),
    el(
      "div",
      { class: "actions" },
      el("a", { class: "button", href: `${API}${path}`, download: filename }, "Download"),
      verifiedBy !== null && button("Verify", () => attempt(() => verify(path, filename, refresh))),
      restoredBy !== null &&
        button("Restore…", () => attempt(() => restore(path, filename, refresh))),
    ),
  ];
}

/** The result of the verification and of the last restore drill. @param {Backup} backup */
function verdictNode({ integrity, unchecked, rows, drill }) {
  const tables = Object.entries(rows ?? {}).map(([name, count]) => `${name}: ${rowWords(count)}`);
  return el(
    "div",
    { class: "words" },
    integrity === null ? el("span", { class: "none" }, "not verified") : statusBadge(integrity),
    tables.length > 0 && el("small", {}, tables.join(", ")),
    unchecked.length > 0 && el("small", {}, `Not checked: ${unchecked.join("; ")}`),
    drill && el("small", {}, `restore drill: ${drill.outcome} `, timeNode(drill.at)),
  );
}

/** @param {number} count */
function rowWords(count) {
  return count === 1 ? "1 row" : `${count} rows`;
}

/** @param {string} job @param {() => Promise<void>} refresh */
async function take(job, refresh) {
  await follow(await ask("POST", "/backups", { job, actor: actor() }), "Backup");
  await refresh();
}

/** @param {string} path @param {string} filename @param {() => Promise<void>} refresh */
async function verify(path, filename, refresh) {
  await follow(
    await ask("POST", `${path}/verify`, { actor: actor() }),
    `Verification of ${filename}`,
  );
  await refresh();
}

/** @param {string} path @param {string} filename @param {() => Promise<void>} refresh */
async function restore(path, filename, refresh) {
  if (!(await isSure(filename))) return;
  const body = { confirm: filename, actor: actor() };
  await follow(await ask("POST", `${path}/restore`, body), `Restore of ${filename}`);
  await refresh();
}

/** @param {() => Promise<void>} refresh */
async function restoreSent(refresh) {
  const chosen = await askPerson({
    title: "Restore a database from your own file",
    text: "The file is uploaded and verified first. Then you must confirm the restore.",
    fields: [{ name: "file", label: "File, such as shop.db", type: "file", required: true }],
    confirm: "Send",
  });
  const file = chosen?.get("file");
  if (!(file instanceof File)) return;
  await uploadDatabase(file);
  notify(`${file.name} was received.`);
  if (!(await isSure(file.name))) return;
  await follow(await restoreUpload(file.name), `Restore of ${file.name}`);
  await refresh();
}

/** Asks to confirm the restore by typing the file's name. @param {string} name */
async function isSure(name) {
  const answer = await askPerson({
    title: "Replace the database?",
    text: "The app is stopped, the current database is kept as a safety copy, and the app is started again.",
    fields: [{ name: "confirm", label: `Type ${name}`, mustBe: name }],
    confirm: "Restore",
    isDangerous: true,
  });
  return answer !== undefined;
}

/**
 * Shows the result of a run that was started here.
 *
 * @param {unknown} started
 * @param {string} what
 */
async function follow(started, what) {
  const run = await untilEnded(/** @type {import("./answers.d.ts").Run} */ (started));
  const isGood = run.status === "ok" || run.status === "skipped";
  const why = run.error === null || run.error === undefined ? "" : `: ${run.error}`;
  notify(`${what}: ${run.status}${why}`, isGood ? "good" : "bad");
}
