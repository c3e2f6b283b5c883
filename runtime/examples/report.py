"""How an app in Python talks to the runtime that supervises it: the standard library is enough."""

import json
import os
import urllib.request


def ask(method, path, body=None):
    request = urllib.request.Request(
        os.environ["OPSPEC_URL"] + path,
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Authorization": "Bearer " + os.environ["OPSPEC_TOKEN"]},
    )
    with urllib.request.urlopen(request, timeout=5) as answer:
        return json.load(answer)


if __name__ == "__main__":
    ask("POST", "/components/discord", {"ok": True, "latencyMs": 80})
    ask("POST", "/heartbeats/loop", {"ageMs": 0})
    ask("POST", "/events/recruited", {"labels": {"clan": "one"}})
    if ask("GET", "/toggles/reports")["on"]:
        run = ask("POST", "/runs/start", {"job": "report"})
        ask("POST", "/runs/end", {**run, "status": "ok", "details": {"rows": 3}})
    ask("POST", "/ready", {"ready": True})
