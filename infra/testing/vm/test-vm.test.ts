import { execFileSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { expect, test } from "vitest";
import { requireCapability } from "../../../tests/capabilities.ts";
import { startTestVm } from "./test-vm.ts";

/** Limit with the build of the root file system on a busy machine. */
const LIMIT_MS = 600_000;

/** A container on the guest's own network that restarts with dockerd. */
const RUN_CONTAINER = [
  "tar --create --directory / bin/busybox | docker import - busybox",
  "docker run --detach --init --restart unless-stopped --publish 8000:80 busybox /bin/busybox httpd -f -p 80",
].join(" && ");

function traces(): string[] {
  const links = execFileSync("ip", ["-brief", "link"], { encoding: "utf8" }).split("\n");
  const cgroups = readdirSync("/sys/fs/cgroup", { recursive: true, encoding: "utf8" });
  return [
    ...links.filter((link) => link.startsWith("opspecvm")),
    ...cgroups.filter((name) => name.includes(`run-${process.pid}-`)),
  ];
}

test(
  "a guest runs containers, survives a reboot and a power cut, and leaves nothing",
  async (context) => {
    await requireCapability(context, "vm");
    const vm = await startTestVm(console.log);
    const boots = [await vm.ssh("cat /proc/sys/kernel/random/boot_id")];

    await vm.ssh(RUN_CONTAINER);
    await vm.ssh("echo kept > /etc/kept");
    const statusOf = () =>
      fetch(`http://${vm.address}:8000/`).then((answer) => answer.status, String);
    await expect.poll(statusOf).toBe(404);
    await vm.reboot();
    boots.push(await vm.ssh("cat /proc/sys/kernel/random/boot_id"));
    await expect.poll(statusOf).toBe(404);
    await vm.cutPower();
    boots.push(await vm.ssh("cat /proc/sys/kernel/random/boot_id"));
    await expect.poll(statusOf).toBe(404);

    expect(new Set(boots).size).toBe(3);
    expect(await vm.ssh("cat /etc/kept")).toBe("kept\n");
    expect(await vm.ssh("systemctl is-system-running --wait")).toBe("running\n");
    expect(await vm.ssh("sudo --user ubuntu sudo id --user")).toBe("0\n");
    expect(traces()).not.toEqual([]);
    await vm.stop();
    expect(traces()).toEqual([]);
  },
  LIMIT_MS,
);
