// What the apps tell the runtime that supervises them, over its loopback interface.

const { OPSPEC_URL = "", OPSPEC_TOKEN = "" } = process.env;

/** One call; what the runtime refuses is thrown. */
export async function tell(path, body = {}) {
  const answer = await fetch(`${OPSPEC_URL}${path}`, {
    method: "POST",
    headers: { authorization: `Bearer ${OPSPEC_TOKEN}`, "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  const said = await answer.json();
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${JSON.stringify(said)}`);
  return said;
}

/** One line of JSON, as the app's own logger writes it, and the same as an event. */
export async function event(name, fields = {}) {
  console.log(JSON.stringify({ ts: new Date().toISOString(), event: name, ...fields }));
  await tell(`/events/${name}`);
}
