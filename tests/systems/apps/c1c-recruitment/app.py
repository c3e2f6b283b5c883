"""Stands in for the bot: reports to the runtime what lives and what ran, and passes on what people type in Discord.

POST /discord {"user", "command"} is a message in a channel, and the answer is what the bot says.
POST /world {...} changes what is around it: whether it beats, whether Discord and Sheets answer.
POST /clock {"job"} is its own scheduler reaching the time of a job.
"""

import json
import os
import signal
import sys
import threading
import time
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

BEAT_SECONDS = 0.5

# The feature toggle that each of its jobs asks for.
JOB_TOGGLES = {
    "daily-recruiter-update": "recruitment-reports",
    "reservation-reminder": "placement-reservations",
    "reservation-autorelease": "placement-reservations",
    "cleanup": "housekeeping",
}

world = {"beating": True, "connected": False, "discord": True, "sheets": True, "failing": False}


def runtime(method, path, body=None):
    request = urllib.request.Request(
        os.environ["OPSPEC_URL"] + path,
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Authorization": "Bearer " + os.environ["OPSPEC_TOKEN"]},
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as refused:
        return json.load(refused)


def report():
    """A component has a latency only while its connection answers."""
    runtime("POST", "/components/runtime", {"ok": True})
    if not world["connected"]:
        return
    latency = {"latencyMs": 80} if world["beating"] else {}
    runtime("POST", "/components/discord", {"ok": world["discord"], **latency})
    runtime("POST", "/components/sheets", {"ok": world["sheets"]})


def beat():
    told = False
    while True:
        try:
            report()
            if world["beating"]:
                runtime("POST", "/heartbeats/gateway", {})
                if not told:
                    print("[watchdog] heartbeat", flush=True)
                told = True
        except OSError as error:
            print("the runtime did not answer:", error, file=sys.stderr, flush=True)
        time.sleep(BEAT_SECONDS)


def run_job(job):
    toggle = JOB_TOGGLES.get(job)
    if toggle and not runtime("GET", "/toggles/" + toggle)["on"]:
        result = {"status": "skipped", "details": {"toggle": toggle}}
    elif world["failing"]:
        result = {"status": "failed", "error": "Discord said 500"}
    else:
        result = {"status": "ok"}
    return runtime("POST", "/runs", {"job": job, "durationMs": 12, **result})


def command(user, text):
    words = text.split()
    if words[:2] == ["!ops", "refresh"]:
        return [runtime("POST", "/refreshes/" + name, {"actor": user}) for name in words[2:]]
    if words[:2] == ["!ops", "reload"]:
        reloaded = runtime("POST", "/reload", {})
        if "--reboot" in words:
            runtime("POST", "/restart", {"actor": user, "reason": text})
        return reloaded
    if words[:2] == ["!ops", "digest"]:
        return runtime("GET", "/caches")
    if words[0] == "!cfg":
        return runtime("GET", "/toggles/" + words[1])
    if words[0] == "!clanmatch":
        return runtime("GET", "/caches/clans")["rows"]
    return {"error": "no such command"}


class Bot(BaseHTTPRequestHandler):
    def do_GET(self):
        self.answer({"pid": os.getpid(), **world})

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        if self.path == "/discord":
            self.answer(command(body["user"], body["command"]))
        elif self.path == "/clock":
            self.answer(run_job(body["job"]))
        else:
            world.update(body)
            report()
            self.answer(world)

    def answer(self, said):
        text = json.dumps(said).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_):
        """The runtime in front of it logs the requests."""


def stop(*_):
    print("closing the gateway session", flush=True)
    os._exit(0)


if __name__ == "__main__":
    missing = [
        name
        for name in ("DISCORD_TOKEN", "GSPREAD_CREDENTIALS", "RECRUITMENT_SHEET_ID")
        if not os.environ.get(name)
    ]
    if missing:
        raise RuntimeError("missing environment: " + ", ".join(missing))
    signal.signal(signal.SIGTERM, stop)
    threading.Thread(target=beat, daemon=True).start()
    server = ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Bot)
    print("web server listening", flush=True)
    server.serve_forever()
