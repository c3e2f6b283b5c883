import { z } from "zod";
import { field, type ProviderContract } from "../contract.ts";

/** sshd's own port. @see https://man.openbsd.org/sshd_config#Port */
export const SSH_PORT = 22;

/** Configuration of the host provider: one provider per host. */
export const HostProvider = {
  name: "host",
  description: "Files, directories and systemd units of a host, over SSH, with drift.",
  inputs: z.strictObject({
    address: field(z.string().min(1), { description: "Address of the host." }),
    port: field(z.int().min(1).max(65_535).optional(), {
      description: `SSH port. Default: ${SSH_PORT}.`,
    }),
    user: field(z.string().min(1), {
      description: "SSH user. A user other than root needs sudo without a password.",
    }),
    hostKey: field(
      z
        .string()
        .regex(
          /^(ssh-ed25519|ecdsa-sha2-nistp256|ssh-rsa) [A-Za-z0-9+/=]+$/,
          "should be a host key as ssh-keyscan prints it: ssh-ed25519 AAAA…",
        ),
      { description: "The host's public key. A host with a different key is refused." },
    ),
    privateKey: field(z.string().min(1), {
      description: "Private key for the login, in OpenSSH or PEM format.",
      secret: true,
    }),
  }),
} as const satisfies ProviderContract;
