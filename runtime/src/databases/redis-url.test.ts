import { expect, test } from "vitest";

import { parseRedisUrl } from "./redis.ts";

test.each([
  ["redis://127.0.0.1", { host: "127.0.0.1", port: 6379, db: 0 }],
  ["redis://:p%40ss@red-abc:6380/2", { host: "red-abc", port: 6380, db: 2, password: "p@ss" }],
  [
    "rediss://me:pass@redis.example.com/0?ssl_cert_reqs=none",
    {
      host: "redis.example.com",
      port: 6379,
      db: 0,
      username: "me",
      password: "pass",
      tls: { rejectUnauthorized: false },
    },
  ],
])("%s is understood", (text, options) => {
  expect(parseRedisUrl(text)).toEqual(options);
});

test.each(["hidden-host:6379", "http://hidden-host", "redis://me:hidden@:nothing"])(
  "what is no Redis URL is refused without showing it: %s",
  (text) => {
    const parse = () => parseRedisUrl(text, "REDIS_URL");

    expect(parse).toThrow("REDIS_URL: is not a URL of Redis.");
    expect(parse).not.toThrow(/hidden/);
  },
);

test.each(["redis://127.0.0.1/hidden", "redis://127.0.0.1/-1", "redis://127.0.0.1/1.5"])(
  "a database that is no number is refused, and not taken for the first one: %s",
  (text) => {
    const parse = () => parseRedisUrl(text, "REDIS_URL");

    expect(parse).toThrow("REDIS_URL: names no number of a database.");
    expect(parse).not.toThrow(/hidden/);
  },
);
