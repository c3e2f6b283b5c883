import { expect, test } from "vitest";
import { refusals } from "../../testing/spec-text.ts";

const NODE =
  'source: { repo: "https://example.com/a" }, runtime: node, start: node a.js, plan: starter';

test("every process that sends alerts has the variables of its channels", () => {
  const found = refusals(`
envGroups: { mail: { env: { SMTP_HOST: smtp.example.com, TO: a@example.com } } }
services:
  web: { type: web, ${NODE}, envGroups: [mail] }
  worker: { type: worker, ${NODE}, env: { TO: b@example.com } }
  quiet: { type: worker, ${NODE}, build: npm ci, supervise: false }
jobs:
  purge:
    uses: purge
    on: render
    schedule: { daily: "04:00" }
    options: { tables: [a], retentionDays: 1 }
    alerts: { on: [fail] }
alerts:
  channels:
    ops: { smtp: { host: { env: SMTP_HOST }, from: { env: TO }, to: { env: TO } } }
`);

  expect(found).toMatchInlineSnapshot(`
    [
      "16:28   alerts/channels/ops/smtp/host/env: channel "ops" needs SMTP_HOST, which jobs/purge does not have. Set it in jobs/purge/env, or link the env group "mail" there.",
      "16:28   alerts/channels/ops/smtp/host/env: channel "ops" needs SMTP_HOST, which services/worker does not have. Set it in services/worker/env, or link the env group "mail" there.",
      "16:54   alerts/channels/ops/smtp/from/env: channel "ops" needs TO, which jobs/purge does not have. Set it in jobs/purge/env, or link the env group "mail" there.",
      "16:71   alerts/channels/ops/smtp/to/env: channel "ops" needs TO, which jobs/purge does not have. Set it in jobs/purge/env, or link the env group "mail" there.",
    ]
  `);
});

const stack = (env: string, channel: string) =>
  refusals(`
secrets: { KEY: {} }
envGroups: { mail: { env: { MAIL_ON: 1, CHAT: 7 } } }
services: { worker: { type: worker, ${NODE}, env: ${env} } }
alerts: { channels: { ops: { telegram: { token: { secret: KEY }, ${channel} } } }
`);

test("a process without the switch of a channel, or without all of its alternatives, is refused", () => {
  const chats = "chat: [{ env: CHAT }, { env: OLD_CHAT }] }, enabled: { env: MAIL_ON }";

  expect(stack("{}", chats)).toEqual([
    '5:75   alerts/channels/ops/telegram/chat/0/env: channel "ops" needs CHAT, which services/worker does not have. Set it in services/worker/env, or link the env group "mail" there.',
    '5:121   alerts/channels/ops/enabled/env: channel "ops" needs MAIL_ON, which services/worker does not have. Set it in services/worker/env, or link the env group "mail" there.',
  ]);
  expect(stack("{ OLD_CHAT: 7, MAIL_ON: 1 }", chats)).toEqual([]);
  // Nothing in the stack sets the variable that enables the channel, so the channel is off on purpose.
  expect(
    stack("{}", "chat: [{ env: CHAT_2 }, { secret: KEY }] }, enabled: { env: OTHER }"),
  ).toEqual([]);
});
