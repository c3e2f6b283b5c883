"""Stands for chorizaurio's backend: what its runbook says of the database, and a few of its paths.

It keeps SQLite in WAL mode, runs its own migrations at its start and notes them in migration_log.
"""

import json
import os
import sqlite3
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

DB_PATH = os.environ["DB_PATH"]
MIGRATIONS = Path(__file__).parent / "migrations"

MIGRATION_LOG = """
CREATE TABLE IF NOT EXISTS migration_log (
    id INTEGER PRIMARY KEY,
    name TEXT UNIQUE,
    executed_at TEXT DEFAULT CURRENT_TIMESTAMP,
    success INTEGER,
    error_message TEXT
)
"""


def connect():
    connection = sqlite3.connect(DB_PATH, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA busy_timeout = 30000")
    connection.execute("PRAGMA foreign_keys = ON")
    return connection


def migrate():
    """Each migration once, in the order of its name; the first that fails ends the start."""
    connection = connect()
    connection.execute(MIGRATION_LOG)
    done = {name for (name,) in connection.execute("SELECT name FROM migration_log WHERE success = 1")}
    for file in sorted(MIGRATIONS.glob("*.sql")):
        if file.stem in done:
            continue
        connection.executescript(file.read_text())
        connection.execute("INSERT INTO migration_log (name, success) VALUES (?, 1)", (file.stem,))
        print(f"migration {file.stem}: executed", flush=True)
    connection.close()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.path == "/api/usuarios":
            return self.answer(200, {"usuarios": self.rows("SELECT nombre FROM usuarios ORDER BY id")})
        if self.path == "/api/pedidos":
            return self.answer(200, {"pedidos": self.rows("SELECT nota FROM pedidos ORDER BY id")})
        if self.path == "/api/admin/reportes":
            return self.answer(200, {"answeredBy": "the app"})
        return self.answer(404, {"detail": "Not Found"})

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or b"{}")
        if self.path != "/api/pedidos":
            return self.answer(404, {"detail": "Not Found"})
        connection = connect()
        connection.execute("INSERT INTO pedidos (nota) VALUES (?)", (body["nota"],))
        connection.close()
        return self.answer(201, {"ok": True})

    def rows(self, query):
        connection = connect()
        try:
            return [value for (value,) in connection.execute(query)]
        finally:
            connection.close()

    def answer(self, status, body):
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_):
        """The runtime logs each request already."""


if __name__ == "__main__":
    migrate()
    # An idle connection stays open, as the pool of a framework keeps one.
    POOLED = connect()
    POOLED.execute("SELECT count(*) FROM usuarios").fetchone()
    print("serving", flush=True)
    ThreadingHTTPServer(("0.0.0.0", int(os.environ["PORT"])), Handler).serve_forever()
