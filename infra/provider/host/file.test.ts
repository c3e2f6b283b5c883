import { readFileSync } from "node:fs";
import { afterAll, expect, test, type TestContext } from "vitest";
import { type PluginUnderTest, startPlugin } from "../../testing/plugin-client.ts";
import { startTestVm, type TestVm } from "../../testing/vm/test-vm.ts";
import { requireCapability } from "../../../tests/capabilities.ts";

/** Limit with the build of the guest's root file system on a busy machine. */
const LIMIT_MS = 600_000;

const URN = "urn:pulumi:test::opspec::host:index:File::settings";

const started: { vm?: TestVm; plugin?: PluginUnderTest } = {};

afterAll(async () => {
  await started.plugin?.stop();
  await started.vm?.stop();
});

/** The guest and a plugin with a new connection as `ubuntu`. */
async function open(context: TestContext): Promise<{ vm: TestVm; plugin: PluginUnderTest }> {
  await requireCapability(context, "vm");
  const vm = (started.vm ??= await startTestVm(console.log));
  await started.plugin?.stop();
  const plugin = (started.plugin = await startPlugin("host"));
  const privateKey = readFileSync(vm.keyFile, "utf8");
  await plugin.configure({ address: vm.address, user: "ubuntu", hostKey: vm.hostKey, privateKey });
  return { vm, plugin };
}

function inputsOf(path: string, content: string) {
  return { path, owner: "root:root", mode: "0644", content };
}

/** Every byte that shells, env files and JSON treat specially. */
const SPECIAL = `$HOME #'"&\\\` ünïcode\t${"x".repeat(20_000)}\n\nend without newline`;

test(
  "any content arrives unchanged, and a read knows it by its hash",
  async (context) => {
    const { vm, plugin } = await open(context);
    const inputs = inputsOf("/root/it's a file", SPECIAL);

    const { id } = await plugin.create(URN, inputs);

    expect(await vm.ssh('cat "/root/it\'s a file"')).toBe(SPECIAL);
    expect((await plugin.read(URN, id, { inputs, outputs: {} }))?.inputs).toEqual(inputs);
    await plugin.remove(URN, id, { inputs, outputs: {} });
    expect(await plugin.read(URN, id, { inputs, outputs: {} })).toBeUndefined();
  },
  LIMIT_MS,
);

test(
  "an existing file with other content needs consent, one with the same content is taken over",
  async (context) => {
    const { vm, plugin } = await open(context);
    await vm.ssh("printf 'by hand' > /root/settings");
    const inputs = inputsOf("/root/settings", "ours");

    await expect(plugin.create(URN, inputs)).rejects.toThrow("Set adopt: true to overwrite it");
    expect(await vm.ssh("cat /root/settings")).toBe("by hand");
    await plugin.create(URN, inputsOf("/root/settings", "by hand"));
    await plugin.create(URN, { ...inputs, adopt: true });

    expect(await vm.ssh("cat /root/settings")).toBe("ours");
  },
  LIMIT_MS,
);

const REFUSALS = {
  "a full disk": {
    prepare: "mount -t tmpfs -o size=64k none /mnt && echo old > /mnt/file",
    reason: "No space left on device",
  },
  "a read-only file system": {
    prepare: "mount -t tmpfs none /mnt && echo old > /mnt/file && mount -o remount,ro /mnt",
    reason: "Read-only file system",
  },
  "an owner that does not exist": {
    prepare: "deluser --quiet nobody; mount -t tmpfs none /mnt && echo old > /mnt/file",
    reason: "invalid user: 'nobody:root'",
  },
};

test.for(Object.entries(REFUSALS))(
  "%s fails with the host's reason and leaves the old file",
  { timeout: LIMIT_MS },
  async ([, { prepare, reason }], context) => {
    const { vm, plugin } = await open(context);
    await vm.ssh(prepare);
    const olds = inputsOf("/mnt/file", "old\n");
    const news = { ...olds, owner: "nobody:root", content: "x".repeat(100_000) };

    const update = plugin.update(URN, "/mnt/file", { olds, news });

    await expect(update).rejects.toThrow(reason);
    expect(await vm.ssh("cat /mnt/file; ls /mnt; umount /mnt")).toBe("old\nfile\n");
  },
);

test(
  "a connection that is lost during a write leaves the old file, and the next write succeeds",
  async (context) => {
    const { vm, plugin } = await open(context);
    await vm.ssh(`echo old > /root/cut
    printf '#!/bin/sh\\ntouch /root/reached\\nsleep 1000\\n' > /usr/local/sbin/chown; chmod 755 /usr/local/sbin/chown`);
    const change = { olds: inputsOf("/root/cut", "old\n"), news: inputsOf("/root/cut", "new") };

    const update = plugin.update(URN, "/root/cut", change);
    update.catch(() => {});
    await expect.poll(() => vm.ssh("ls /root")).toContain("reached");
    await vm.ssh("pkill -KILL -u ubuntu; pkill -KILL sleep; rm /usr/local/sbin/chown");

    await expect(update).rejects.toThrow("the connection was lost");
    expect(await vm.ssh("cat /root/cut")).toBe("old\n");
    await plugin.update(URN, "/root/cut", change);
    expect(await vm.ssh("cat /root/cut; ls /root | grep -c cut")).toBe("new1\n");
  },
  LIMIT_MS,
);

test(
  "a user without sudo is told so",
  async (context) => {
    const { vm, plugin } = await open(context);
    await vm.ssh("mv /etc/sudoers.d/ubuntu /root/sudoers");

    const create = plugin.create(URN, inputsOf("/root/denied", "x"));

    await expect(create).rejects.toThrow("The SSH user needs sudo without a password.");
    await vm.ssh("mv /root/sudoers /etc/sudoers.d/ubuntu");
  },
  LIMIT_MS,
);
