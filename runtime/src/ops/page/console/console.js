import { ask, isLoggedIn, logOut } from "./api.js";
import { attempt } from "./dialog.js";
import { badge, byId, toneOf } from "./dom.js";
import { keepAges, localTime, utcTime } from "./format.js";
import { prepareLogin } from "./login.js";
import { startSections } from "./sections.js";

/** Update interval of the clock. */
const CLOCK_MS = 1_000;

if (isLoggedIn()) startConsole();
else prepareLogin();

function startConsole() {
  byId("logout").addEventListener("click", () => attempt(logOut));
  tellTime();
  setInterval(tellTime, CLOCK_MS);
  keepAges();
  void attempt(tellIdentity);
  startSections((overall) =>
    byId("overall").replaceChildren(...(overall ? [badge(overall, toneOf(overall))] : [])),
  );
}

async function tellIdentity() {
  /** @type {import("./answers.d.ts").Version} */
  const { stack, process, environment } = await ask("GET", "/version");
  byId("identity").textContent = `${stack} · ${process} · ${environment}`;
  document.title = `${stack} ${process} – Opspec`;
}

function tellTime() {
  const now = new Date();
  byId("clock").textContent = `${localTime(now)} · ${utcTime(now)} UTC`;
}
