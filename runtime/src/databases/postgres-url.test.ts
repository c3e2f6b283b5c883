import { expect, test } from "vitest";

import { parsePostgresUrl } from "./postgres-url.ts";

test.each([
  "postgres://me:s%40cret@db.example.com:6000/app",
  "postgresql://me:s%40cret@db.example.com:6000/app",
  "postgresql+asyncpg://me:s%40cret@db.example.com:6000/app",
  "postgresql+psycopg2://me:s%40cret@db.example.com:6000/app?sslmode=disable",
  "postgres://ignored@db.example.com:6000/app?user=me&password=s%40cret&ssl=false",
])("%s is the same database", (text) => {
  expect(parsePostgresUrl(text)).toEqual({
    host: "db.example.com",
    port: 6000,
    user: "me",
    password: "s@cret",
    database: "app",
    ssl: false,
  });
});

test.each([
  ["", false],
  ["?sslmode=prefer", false],
  ["?sslmode=require", { rejectUnauthorized: false }],
  ["?ssl=require", { rejectUnauthorized: false }],
  ["?ssl=true", { rejectUnauthorized: true }],
  ["?sslmode=verify-full&sslrootcert=system", { rejectUnauthorized: true }],
  ["?sslmode=verify-ca", { rejectUnauthorized: true, checkServerIdentity: expect.any(Function) }],
])("encryption is what %s says", (parameters, ssl) => {
  expect(parsePostgresUrl(`postgres://me@db.example.com/app${parameters}`).ssl).toEqual(ssl);
});

test("a socket directory, an IPv6 address and a search path are understood", () => {
  const socket = parsePostgresUrl("postgresql:///app?host=/var/run/postgresql&user=me");
  const address = parsePostgresUrl("postgres://me@[::1]:5433/app?options=-csearch_path%3Dours");

  expect(socket).toMatchObject({ host: "/var/run/postgresql", user: "me", database: "app" });
  expect(address).toMatchObject({ host: "::1", port: 5433, options: "-csearch_path=ours" });
});

test.each([
  ["sqlite:////data/app.db", "is not a URL of Postgres."],
  ["postgres://me:pa#ss@wo/rd@db.example.com:port/app", "cannot be read as a URL."],
  ["postgres://me:hidden@db.example.com/app?sslmode=perhaps", "has an unknown sslmode."],
  [
    "postgres://me:hidden@db.example.com/app?sslmode=require&sslrootcert=/nowhere/ca",
    "sslrootcert",
  ],
])("what is wrong with a URL is said without any part of it: %s", (text, message) => {
  const parse = () => parsePostgresUrl(text, "DATABASE_URL");

  expect(parse).toThrow(`DATABASE_URL: `);
  expect(parse).toThrow(message);
  expect(parse).not.toThrow(/hidden|db\.example\.com|nowhere|pa#ss/);
});
