import { expect, test } from "vitest";
import type { DeliveryLimits } from "./channel.ts";
import { MailSettings } from "../../contract/mail.ts";
import { startHttpServer, type TestAnswer } from "../../../testing/http-server.ts";
import type { Mail } from "./channel.ts";
import { deliverMail } from "./mail.ts";

const KEY = "SG.canary-4f1c";

const MAIL: Mail = {
  from: "Opspec <ops@example.com>",
  to: ["team@example.com"],
  subject: "2 alerts changed",
  html: "<p>2</p>",
  text: "2",
};

const QUICK: DeliveryLimits = { timeoutMs: 5000, attempts: 3, backoffMs: 1, waitMsMax: 5000 };

const openMail = (env: Record<string, string>, limits = QUICK) => ({
  send: (mail: Mail) =>
    deliverMail(MailSettings.parse({ kind: "sendgrid" }), mail, { env, limits }),
});

async function scene(answer: () => TestAnswer, limits = QUICK) {
  const server = await startHttpServer(answer);
  const env = { SENDGRID_API_KEY: KEY, SENDGRID_BASE_URL: `${server.url}/` };
  const mail = openMail(env, limits);
  return { mail, seen: server.seen };
}

test("a mail is posted as SendGrid wants it", async () => {
  const { mail, seen } = await scene(() => ({ status: 202 }));
  const content = Buffer.from("a,b\n");

  const result = await mail.send({
    ...MAIL,
    attachments: [{ filename: "digest.csv", content, contentType: "text/csv" }],
  });

  expect(result).toBe("sent");
  expect(seen).toMatchObject([
    { method: "POST", url: "/v3/mail/send", headers: { authorization: `Bearer ${KEY}` } },
  ]);
  expect(JSON.parse(seen[0]?.body ?? "")).toEqual({
    personalizations: [{ to: [{ email: "team@example.com" }] }],
    from: { email: "ops@example.com", name: "Opspec" },
    subject: "2 alerts changed",
    content: [
      { type: "text/plain", value: "2" },
      { type: "text/html", value: "<p>2</p>" },
    ],
    attachments: [
      {
        filename: "digest.csv",
        type: "text/csv",
        disposition: "attachment",
        content: content.toString("base64"),
      },
    ],
  });
});

test("without a key, a sender or an address a mail is skipped", async () => {
  const { mail, seen } = await scene(() => ({ status: 202 }));
  const keyless = openMail({ SENDGRID_API_KEY: "" });

  expect([
    await keyless.send(MAIL),
    await mail.send({ ...MAIL, from: " " }),
    await mail.send({ ...MAIL, to: [] }),
  ]).toEqual(["skipped", "skipped", "skipped"]);
  expect(seen).toEqual([]);
});

test("a refusal is told in SendGrid's words, cut to 200 characters and without the key", async () => {
  const message = `The key ${KEY} does not match. ${"x".repeat(500)}`;
  const { mail, seen } = await scene(() => ({ status: 401, body: { errors: [{ message }] } }));

  const problem: unknown = await mail.send(MAIL).catch((error) => error);

  expect(String(problem)).toMatch(
    /^ChannelError: HTTP 401: The key \[redacted\] does not match\. x+…$/,
  );
  expect(String(problem).length).toBeLessThan(240);
  expect(seen).toHaveLength(1);
});

test("429 is waited for as long as it asks, and a long one is not", async () => {
  const at: number[] = [];
  const short = await scene(() => {
    at.push(performance.now());
    return at.length === 1 ? { status: 429, headers: { "retry-after": "1" } } : { status: 202 };
  });
  const long = await scene(() => ({ status: 429, headers: { "retry-after": "600" } }));

  expect(await short.mail.send(MAIL)).toBe("sent");
  await expect(long.mail.send(MAIL)).rejects.toMatchObject({ retryAfterMs: 600_000 });
  expect((at[1] ?? 0) - (at[0] ?? 0)).toBeGreaterThan(950);
  expect(long.seen).toHaveLength(1);
});

test("5xx is tried again, a server that hangs is given up, and wrong JSON is told as it is", async () => {
  let count = 0;
  const weak = await scene(() => ({ status: (count += 1) < 3 ? 503 : 202 }));
  const hanging = await scene(() => "hang", { ...QUICK, timeoutMs: 50, attempts: 2 });
  const odd = await scene(() => ({ status: 400, body: "<html>Bad</html>" }));

  expect(await weak.mail.send(MAIL)).toBe("sent");
  await expect(hanging.mail.send(MAIL)).rejects.toThrow("no answer within 50 ms");
  await expect(odd.mail.send(MAIL)).rejects.toThrow("HTTP 400: <html>Bad</html>");
});
