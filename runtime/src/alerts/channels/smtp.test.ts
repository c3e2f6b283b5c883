import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { expect, onTestFinished, test } from "vitest";
import { requireCapability } from "../../../../tests/capabilities.ts";
import type { DeliveryLimits } from "./channel.ts";
import type { MailSettings } from "../../contract/mail.ts";
import { selfSignedCertificate, startMailServer } from "../../../testing/mail-server.ts";
import { startTcpServer } from "../../../testing/tcp-server.ts";
import type { Mail } from "./channel.ts";
import { deliverMail } from "./mail.ts";

const MAIL: Mail = {
  from: "Opspec <ops@example.com>",
  to: ["team@example.com", "Ada <ada@example.com>"],
  subject: "digest\r\nBcc: someone@example.com",
  html: "<p>42 rows</p>",
  text: "42 rows",
};

const QUICK: DeliveryLimits = { timeoutMs: 5000, attempts: 3, backoffMs: 1, waitMsMax: 1000 };

const BY_URL: MailSettings = { kind: "smtp", urlEnv: "EMAIL_SERVER" };

const BY_PARTS: MailSettings = {
  kind: "smtp",
  hostEnv: "SMTP_HOST",
  portEnv: "SMTP_PORT",
  userEnv: "SMTP_USER",
  passEnv: "SMTP_PASS",
};

const send = (env: Record<string, string>, settings = BY_URL, limits = QUICK) =>
  deliverMail(settings, MAIL, { env, limits });

test("a mail is handed in, with its names, and a subject can add no header", async () => {
  const server = await startMailServer({ disabledCommands: ["STARTTLS"] });

  expect(await send({ EMAIL_SERVER: `smtp://127.0.0.1:${server.port}` })).toBe("sent");

  expect(server.seen).toMatchObject([
    { from: "ops@example.com", to: ["team@example.com", "ada@example.com"] },
  ]);
  expect(server.seen[0]?.text).toContain("Subject: digest Bcc: someone@example.com");
  expect(server.seen[0]?.text).not.toMatch(/^Bcc:/m);
});

test("an attachment arrives as it was", async () => {
  const server = await startMailServer({ disabledCommands: ["STARTTLS"] });
  const env = { EMAIL_SERVER: `smtp://127.0.0.1:${server.port}` };
  const content = Buffer.from("day,count\n1,42\n");

  const attachments = [{ filename: "digest.csv", content, contentType: "text/csv" }];
  await deliverMail(BY_URL, { ...MAIL, attachments }, { env, limits: QUICK });

  expect(server.seen[0]?.text).toContain("filename=digest.csv");
  expect(server.seen[0]?.text).toMatch(/day,count|ZGF5LGNvdW50/);
});

test("without a server, a sender or an address a mail is skipped", async () => {
  const env = { EMAIL_SERVER: "smtp://127.0.0.1:1" };

  expect([
    await send({}),
    await send({ SMTP_USER: "ada" }, BY_PARTS),
    await deliverMail(BY_URL, { ...MAIL, from: "" }, { env, limits: QUICK }),
    await deliverMail(BY_URL, { ...MAIL, to: [] }, { env, limits: QUICK }),
  ]).toEqual(["skipped", "skipped", "skipped", "skipped"]);
});

test("a temporary refusal is tried again, and one for good is not", async () => {
  let asked = 0;
  const busy = await startMailServer({
    disabledCommands: ["STARTTLS"],
    onMailFrom(_address, _session, done) {
      asked += 1;
      if (asked < 3) done(Object.assign(new Error("greylisted"), { responseCode: 451 }));
      else done();
    },
  });
  let refused = 0;
  const strict = await startMailServer({
    disabledCommands: ["STARTTLS"],
    onRcptTo(_address, _session, done) {
      refused += 1;
      done(Object.assign(new Error("no such mailbox"), { responseCode: 550 }));
    },
  });

  expect(await send({ EMAIL_SERVER: `smtp://127.0.0.1:${busy.port}` })).toBe("sent");
  await expect(send({ EMAIL_SERVER: `smtp://127.0.0.1:${strict.port}` })).rejects.toThrow(
    "SMTP 550 no such mailbox",
  );
  expect([asked, busy.seen.length, refused]).toEqual([3, 1, MAIL.to.length]);
});

test("a password never goes over a connection that is not encrypted", async () => {
  const heard: string[] = [];
  const plain = await startTcpServer((socket) => {
    socket.write("220 plain\r\n");
    socket.on("data", (data) => {
      const line = data.toString();
      heard.push(line);
      if (line.startsWith("EHLO")) socket.write("250-plain\r\n250 AUTH PLAIN LOGIN\r\n");
      else socket.write("454 TLS not available\r\n");
    });
  });
  const env = {
    SMTP_HOST: "127.0.0.1",
    SMTP_PORT: String(plain.port),
    SMTP_USER: "ada",
    SMTP_PASS: "hunter2-secret",
  };

  await expect(send(env, BY_PARTS)).rejects.toThrow("refuses STARTTLS");
  const said = heard.join("");
  expect(said).not.toContain("AUTH");
  expect(said).not.toContain(Buffer.from("hunter2-secret").toString("base64"));
});

test("with a password the mail goes over TLS, to a server whose certificate is trusted", async (context) => {
  const { key, cert } = await selfSignedCertificate(await requireCapability(context, "openssl"));
  const server = await startMailServer({
    key,
    cert,
    authOptional: false,
    onAuth: ({ username, password }, _session, done) =>
      done(null, password === "hunter2-secret" ? { user: username } : {}),
  });
  const env = { EMAIL_SERVER: `smtp://ada:hunter2-secret@localhost:${server.port}` };
  const trusted = getCACertificates();
  onTestFinished(() => setDefaultCACertificates(trusted));

  const untrusted: unknown = await send(env).catch((error) => error);
  setDefaultCACertificates([...trusted, cert]);
  const sent = await send(env);

  expect(String(untrusted)).toBe("ChannelError: the connection failed: certificate not trusted");
  expect([sent, server.seen.map((it) => [it.user, it.isEncrypted])]).toEqual([
    "sent",
    [["ada", true]],
  ]);
});

test("a refused login tells neither the user nor the password", async () => {
  const server = await startMailServer({
    allowInsecureAuth: true,
    disabledCommands: ["STARTTLS"],
    onAuth: ({ username, password }, _session, done) =>
      done(Object.assign(new Error(`no ${username} with ${password}`), { responseCode: 535 })),
  });
  const env = { EMAIL_SERVER: `smtp://ada%40x:hunter2-secret@127.0.0.1:${server.port}` };

  const problem: unknown = await send(env, { ...BY_URL, tls: "none" }).catch((error) => error);

  expect(problem).toMatchObject({ name: "ChannelError", retryAfterMs: undefined });
  expect(String(problem)).toContain("the login was refused: SMTP 535");
  expect(String(problem)).not.toMatch(/hunter2|ada@x|127\.0\.0\.1/);
});

test("a server that says nothing, or hangs up, ends in time as an error", async () => {
  const silent = await startTcpServer(() => {});
  const closing = await startTcpServer((socket) => socket.destroy());
  const limits = { ...QUICK, timeoutMs: 100, attempts: 2 };

  await expect(
    send({ EMAIL_SERVER: `smtp://127.0.0.1:${silent.port}` }, BY_URL, limits),
  ).rejects.toThrow(/no answer/);
  await expect(
    send({ EMAIL_SERVER: `smtp://127.0.0.1:${closing.port}` }, BY_URL, QUICK),
  ).rejects.toThrow(/connection failed/);
});

test("an abort ends a mail that hangs", async () => {
  const silent = await startTcpServer(() => {});
  const env = { EMAIL_SERVER: `smtp://127.0.0.1:${silent.port}` };
  const stop = new AbortController();

  const sending = deliverMail(BY_URL, MAIL, { env, signal: stop.signal });
  setTimeout(() => stop.abort(new Error("the run must end")), 20);

  await expect(sending).rejects.toThrow("the run must end");
});

test("a URL that is none is refused by its variable's name", async () => {
  await expect(send({ EMAIL_SERVER: "mail.example.com:hunter2" })).rejects.toThrow(
    "EMAIL_SERVER is not a URL such as smtp://user:password@host:587",
  );
});
