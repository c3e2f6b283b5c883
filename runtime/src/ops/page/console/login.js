import { logIn } from "./api.js";
import { byId } from "./dom.js";

/** Storage key of the operator's name; the token is not stored. */
const KEY = "opspec.console.name";

/** Longest name that the server accepts as an actor, without its prefix. */
const NAME_MAX = 90;

/** The operator's name, if given. */
function personName() {
  return localStorage.getItem(KEY) ?? "";
}

/** @param {string} name */
function keepPersonName(name) {
  localStorage.setItem(KEY, name.trim().slice(0, NAME_MAX));
}

/** The actor for records and log lines. */
export function actor() {
  return `manual ${personName() || "ops"}`;
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
