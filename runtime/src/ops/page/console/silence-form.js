import { ask } from "./api.js";
import { el } from "./dom.js";
import { attempt } from "./notice.js";
import { actor } from "./person.js";

/** As long as the runbooks allow, and as long as they suggest, in minutes. */
const MINUTES = { min: 1, max: 240, usual: 30 };

/** The form with which alerts are silenced for a while. @param {() => Promise<void>} refresh */
export function silenceForm(refresh) {
  const minutes = el("input", {
    name: "minutes",
    type: "number",
    min: MINUTES.min,
    max: MINUTES.max,
    value: MINUTES.usual,
    required: true,
  });
  const form = el(
    "form",
    { class: "filter", "aria-label": "Silence alerts" },
    el("label", {}, "Minutes", minutes),
    el("label", {}, "Reason", el("input", { name: "reason", required: true, maxlength: 200 })),
    el("button", { class: "primary" }, "Silence"),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void attempt(
      () => silence(form, refresh),
      (said) => `Silent for ${said} min.`,
    );
  });
  return form;
}

/** @param {HTMLFormElement} form @param {() => Promise<void>} refresh */
async function silence(form, refresh) {
  const data = new FormData(form);
  const minutes = Number(data.get("minutes"));
  const reason = String(data.get("reason"));
  await ask("POST", "/alerts/silence", { minutes, reason, actor: actor() });
  form.reset();
  await refresh();
  return minutes;
}
