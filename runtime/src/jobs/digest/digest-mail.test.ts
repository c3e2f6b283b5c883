import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { EXIT } from "../../contract/exit-code.ts";
import type { JobContext } from "../definition.ts";
import { startHttpServer } from "../../../testing/http-server.ts";
import { clockAt, jobContext } from "../../../testing/job-context.ts";
import { work as writeDigest } from "./work.ts";

const AT = clockAt("2026-01-06T20:00:00Z");

test("the digest is mailed as a table in the mail, without attachments", async () => {
  const given = await setting();

  const outcome = await writeDigest(given.context(), AT);

  expect(outcome).toMatchObject({ status: "ok", details: { rows: 2, email: "ok" } });
  const [mail] = given.mails();
  expect(mail).toMatchObject({
    subject: "Vega: 2026-01-06 13:00 America/Mazatlan",
    from: { email: "digest@example.com" },
    personalizations: [{ to: [{ email: "team@example.com" }] }],
  });
  expect(mail?.attachments).toBeUndefined();
  expect(mail?.content[0]?.value).toBe(given.read("digest_20260106_200000.txt"));
  expect(mail?.content[1]?.value).toMatch(/<td [^>]*>Mug &amp; plate<\/td>/);
});

test("the files are attached when that is asked for", async () => {
  const given = await setting({ attachments: true });

  await writeDigest(given.context(), AT);

  const [mail] = given.mails();
  expect(mail?.attachments?.map(({ filename, type }) => [filename, type])).toEqual([
    ["digest_20260106_200000.csv", "text/csv"],
    ["digest_20260106_200000.md", "text/markdown"],
    ["digest_20260106_200000.txt", "text/plain"],
  ]);
  const [csv] = mail?.attachments ?? [];
  expect(Buffer.from(csv?.content ?? "", "base64").toString()).toBe(
    given.read("digest_20260106_200000.csv"),
  );
});

test("a mail that fails fails the run, and the files stay and are told", async () => {
  const given = await setting();
  given.answer.status = 400;

  await expect(writeDigest(given.context(), AT)).rejects.toMatchObject({
    message: expect.stringMatching(
      /^the digest could not be mailed: HTTP 400.* Its files are in backups; send them with the input latest=true\.$/,
    ),
    exitCode: EXIT.temporary,
    details: {
      email: "error",
      artifacts: ["csv", "md", "txt"].map((form) => `backups/digest_20260106_200000.${form}`),
    },
  });
  expect(readdirSync(join(given.directory, "backups"))).toHaveLength(3);
});

test("send latest mails the newest file of each form and writes none", async () => {
  const given = await setting({ attachments: true });
  given.archive({
    "digest_20260105_200000.csv": "sku\nold\n",
    "digest_20260106_200000.csv": "sku\nnew\n",
    "digest_20260106_200000_10.csv": "sku\nnewest <1>\n",
    "digest_20260106_200000_9.csv": "sku\nnewer\n",
    "digest_20260105_200000.txt": "the text of yesterday",
    "digest_20261399_200000.md": "no day",
    "heartbeat_20260107_000000.csv": "no digest",
  });

  const outcome = await writeDigest(given.context({ input: { latest: true } }), AT);

  expect(outcome).toEqual({
    status: "ok",
    details: {
      artifacts: ["backups/digest_20260106_200000_10.csv", "backups/digest_20260105_200000.txt"],
      email: "ok",
    },
  });
  const [mail] = given.mails();
  expect(mail?.content[0]?.value).toBe("the text of yesterday");
  expect(mail?.content[1]?.value).toContain("newest &lt;1&gt;");
  expect(mail?.attachments).toHaveLength(2);
  expect(readdirSync(join(given.directory, "backups"))).toHaveLength(7);
});

test("send latest without a csv shows what there is", async () => {
  const given = await setting();
  given.archive({ "digest_20260105_200000.md": "# Vega <1>" });

  await writeDigest(given.context({ input: { latest: true } }), AT);

  expect(given.mails()[0]?.content[1]?.value).toContain("<pre># Vega &lt;1&gt;</pre>");
});

test("send latest fails clearly when there is nothing to send", async () => {
  const given = await setting();

  await expect(writeDigest(given.context({ input: { latest: true } }), AT)).rejects.toThrow(
    "backups: there is no digest to send. Run the digest first.",
  );
  expect(given.mails()).toEqual([]);
});

test("send latest without a key is skipped, and a dry run says what it would send", async () => {
  const given = await setting();
  given.archive({ "digest_20260105_200000.csv": "sku\n1\n" });
  const { SENDGRID_API_KEY: _key, ...env } = given.env;
  const input = { latest: true };

  expect(await writeDigest(given.context({ input, env }), AT)).toMatchObject({
    status: "skipped",
    details: { email: "skipped", emailProblem: "SENDGRID_API_KEY is not set" },
  });
  expect(await writeDigest(given.context({ input, dryRun: true }), AT)).toEqual({
    status: "skipped",
    details: { dryRun: true, wouldSend: ["backups/digest_20260105_200000.csv"] },
  });
  expect(given.mails()).toEqual([]);
});

test("a silenced digest is written and not mailed", async () => {
  const given = await setting();

  const silencedUntil = new Date("2026-01-06T20:30:00Z");
  expect(await writeDigest(given.context({ silencedUntil }), AT)).toMatchObject({
    status: "ok",
    details: { email: "skipped", emailProblem: "silenced until 2026-01-06T20:30:00.000Z" },
  });
  expect(given.mails()).toEqual([]);
});

interface PostedMail {
  readonly subject: string;
  readonly content: readonly { readonly value: string }[];
  readonly attachments?: readonly {
    readonly filename: string;
    readonly type: string;
    readonly content: string;
  }[];
}

/** A directory with rows to digest, and SendGrid on loopback. */
async function setting({ attachments }: { attachments?: boolean } = {}) {
  const directory = mkdtempSync(join(tmpdir(), "digest-mail-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const rows = [{ sku: 1, title: "Mug & plate" }, { sku: 2 }];
  writeFileSync(join(directory, "rows.json"), JSON.stringify(rows));
  const answer = { status: 202 };
  const sendgrid = await startHttpServer(() => answer);
  const env = {
    SENDGRID_API_KEY: "SG.hunter2",
    SENDGRID_BASE_URL: sendgrid.url,
    DIGEST_EMAIL_FROM: "digest@example.com",
    DIGEST_EMAIL_TO: "team@example.com",
  };
  const source = { kind: "file", path: "rows.json" };
  const options = { source, title: "Vega", ...(attachments ? { attachments } : {}) };
  return {
    directory,
    env,
    answer,
    context: (given: Partial<JobContext> = {}) =>
      jobContext({ directory, env, options, timezone: "America/Mazatlan", ...given }),
    read: (name: string) => readFileSync(join(directory, "backups", name), "utf8"),
    archive: (files: Readonly<Record<string, string>>) => {
      mkdirSync(join(directory, "backups"), { recursive: true });
      for (const [name, text] of Object.entries(files)) {
        writeFileSync(join(directory, "backups", name), text);
      }
    },
    mails: () => sendgrid.seen.map(({ body }): PostedMail => JSON.parse(body)),
  };
}
