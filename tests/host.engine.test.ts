import { readFileSync } from "node:fs";
import type * as pulumi from "@pulumi/pulumi";
import { afterAll, expect, test, type TestContext } from "vitest";
import { register, registerProvider } from "../infra/components/register.ts";
import { Directory } from "../infra/resources/host/directory.ts";
import { File } from "../infra/resources/host/file.ts";
import { HostProvider } from "../infra/resources/host/provider.ts";
import { Symlink } from "../infra/resources/host/symlink.ts";
import { SystemdUnit } from "../infra/resources/host/systemd-unit.ts";
import { startTestVm, type TestVm } from "../infra/testing/vm/test-vm.ts";
import type { Outcome } from "../scripts/workspace/operation.ts";
import { openScratchStack, type ScratchStack } from "../scripts/workspace/scratch-stack.ts";
import { requireCapability } from "./capabilities.ts";

// These tests run in order; each starts from the state that the previous one left.

const UNIT = `[Service]
ExecStart=/bin/sleep infinity

[Install]
WantedBy=multi-user.target
`;

const wanted = {
  content: "PORT=8000\n",
  unit: UNIT,
  hostKey: undefined as string | undefined,
};

let vm: TestVm;
let scratch: ScratchStack;

/** A file in a directory with a link to it, and a unit that runs. */
function program(): void {
  const options: pulumi.CustomResourceOptions = {
    provider: registerProvider(HostProvider, {
      address: vm.address,
      user: "ubuntu",
      hostKey: wanted.hostKey ?? vm.hostKey,
      privateKey: readFileSync(vm.keyFile, "utf8"),
    }),
  };
  const access = { owner: "root:root", mode: "0755" };
  const directory = register(Directory, "app", {
    inputs: { path: "/opt/app", ...access },
    options,
  });
  const file = register(File, "settings", {
    inputs: {
      path: "/opt/app/settings.env",
      owner: "ubuntu:ubuntu",
      mode: "0600",
      content: wanted.content,
    },
    options: { ...options, dependsOn: [directory] },
  });
  register(Symlink, "current", {
    inputs: { path: "/opt/app/current.env", target: "settings.env" },
    options: { ...options, dependsOn: [file] },
  });
  register(SystemdUnit, "unit", {
    inputs: { name: "app.service", content: wanted.unit, enabled: true, active: true, dropIns: [] },
    options,
  });
}

async function open(context: TestContext): Promise<void> {
  await requireCapability(context, "engine");
  await requireCapability(context, "vm");
  if (scratch !== undefined) return;
  vm = await startTestVm(console.log);
  scratch = await openScratchStack(async () => program(), "http://127.0.0.1:1/v1");
}

afterAll(async () => {
  scratch?.remove();
  await vm?.stop();
});

/** `<operation> <name> <changed fields>` of each step. */
function linesOf({ steps, failure }: Outcome): string[] {
  expect(failure).toBeUndefined();
  return steps.map(({ op, name, fields }) => `${op} ${name} ${fields.toSorted().join(" ")}`.trim());
}

test("up creates files and units of a host as root, through a user with sudo", async (context) => {
  await open(context);

  const outcome = await scratch.up();

  expect(linesOf(outcome).toSorted()).toEqual([
    "create app",
    "create current",
    "create settings",
    "create unit",
  ]);
  expect(await vm.ssh("cat /opt/app/current.env; stat -c '%a %U' /opt/app/settings.env")).toBe(
    "PORT=8000\n600 ubuntu\n",
  );
  expect(await vm.ssh("systemctl is-active app; systemctl is-enabled app")).toBe(
    "active\nenabled\n",
  );
  expect(linesOf(await scratch.preview())).toEqual([]);
  expect(linesOf(await scratch.refresh())).toEqual([]);
});

test("a refresh shows every change by hand, field by field, and up repairs it", async (context) => {
  await open(context);
  await vm.ssh(`
    echo DEBUG=1 >> /opt/app/settings.env; chown root:root /opt/app/settings.env; chmod 644 /opt/app/settings.env
    chmod 700 /opt/app; ln -sfT other.env /opt/app/current.env
    sed -i s/infinity/1000/ /etc/systemd/system/app.service
    mkdir /etc/systemd/system/app.service.d; printf '[Service]\\nNice=5\\n' > /etc/systemd/system/app.service.d/nice.conf
    systemctl daemon-reload; systemctl disable --now app`);

  const drift = linesOf(await scratch.refresh());
  await scratch.up(true);

  expect(drift.toSorted()).toEqual([
    "update app mode",
    "update current target",
    "update settings content mode owner",
    "update unit active content dropIns[0] enabled",
  ]);
  expect(linesOf(await scratch.refresh())).toEqual([]);
  expect(
    await vm.ssh("cat /opt/app/current.env; systemctl is-active app; systemctl show -p Nice app"),
  ).toBe("PORT=8000\nactive\nNice=0\n");
});

test("a removed file is created again, a changed unit restarts", async (context) => {
  await open(context);
  const before = await vm.ssh("systemctl show -p MainPID --value app");
  await vm.ssh("rm /opt/app/settings.env");
  wanted.unit = UNIT.replace("infinity", "2000");

  const steps = linesOf(await scratch.up(true));

  expect(steps.toSorted()).toEqual(["create settings", "update unit content"]);
  expect(await vm.ssh("cat /opt/app/settings.env")).toBe("PORT=8000\n");
  expect(await vm.ssh("systemctl show -p MainPID --value app")).not.toBe(before);
});

test("a host with another key is refused before the login, and nothing is written", async (context) => {
  await open(context);
  wanted.hostKey = `ssh-ed25519 ${Buffer.from("another key").toString("base64")}`;
  wanted.content = "PORT=9000\n";

  const { failure } = await scratch.up();
  const content = await vm.ssh("cat /opt/app/settings.env");
  wanted.hostKey = undefined;
  const { failure: afterwards } = await scratch.up();

  expect(failure).toContain("its host key is not the one in the spec");
  expect(content).toBe("PORT=8000\n");
  expect(afterwards).toBeUndefined();
  expect(await vm.ssh("cat /opt/app/settings.env")).toBe("PORT=9000\n");
});

test("destroy leaves the host as it was", async (context) => {
  await open(context);

  const { failure } = await scratch.destroy();

  expect(failure).toBeUndefined();
  expect(
    await vm.ssh("ls -d /opt/app /etc/systemd/system/app.service* 2>&1 | grep -c cannot || true"),
  ).toBe("2\n");
});
