import { logIn } from "./api.js";
import { byId } from "./dom.js";
import { keepPersonName, personName } from "./person.js";

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
