import { ask, isLoggedIn, keepPersonName, logIn, logOut, personName } from "./api.js";
import { attempt } from "./dialog.js";
import { badge, byId, toneOf } from "./dom.js";
import { keepAges, localTime, utcTime } from "./format.js";
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

/** Shows the login form. The token is sent once and not stored. */
export function prepareLogin() {
  const form = byId("login");
  if (!(form instanceof HTMLFormElement)) throw new Error("console.html: #login is no form.");
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void submit(form);
  });
  input(form, "name").value = personName();
  input(form, personName() === "" ? "name" : "token").focus();
}

/** @param {HTMLFormElement} form */
async function submit(form) {
  const told = byId("login-error");
  const go = form.querySelector("button");
  told.textContent = "";
  go?.setAttribute("disabled", "");
  try {
    keepPersonName(input(form, "name").value);
    await logIn(input(form, "token").value);
  } catch (error) {
    told.textContent = error instanceof Error ? error.message : String(error);
    input(form, "token").select();
  } finally {
    go?.removeAttribute("disabled");
  }
}

/** @param {HTMLFormElement} form @param {string} name */
function input(form, name) {
  return /** @type {HTMLInputElement} */ (form.elements.namedItem(name));
}
