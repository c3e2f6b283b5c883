import { logIn } from "./api.js";
import { byId } from "./dom.js";

/** Under which the browser remembers the name; the token is kept nowhere. */
const KEY = "opspec.console.name";

/** Longest name that the server takes for an actor, without the word before it. */
const NAME_MAX = 90;

/** Who sits here, as far as he said. */
function personName() {
  return localStorage.getItem(KEY) ?? "";
}

/** @param {string} name */
function keepPersonName(name) {
  localStorage.setItem(KEY, name.trim().slice(0, NAME_MAX));
}

/** For whom records and log lines say that something was done. */
export function actor() {
  return `manual ${personName() || "ops"}`;
}

/** Asks for the token. It is sent once and kept nowhere. */
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
