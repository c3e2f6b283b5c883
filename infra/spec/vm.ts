import { z } from "zod";
import { EnvName, Hostname, Key } from "./scalar.ts";

/** A machine with Docker, reached over SSH. */
export const VmSpec = z
  .strictObject({
    address: z
      .ipv4("should be an IPv4 address such as 203.0.113.10")
      .meta({ description: "Public IPv4 address.", examples: ["203.0.113.10"] }),
    user: z
      .string()
      .min(1)
      .optional()
      .meta({ description: "SSH user. Default: ubuntu.", examples: ["ubuntu"] }),
    hostKey: z
      .string()
      .regex(
        /^(ssh-ed25519|ecdsa-sha2-nistp256|ssh-rsa) [A-Za-z0-9+/=]+$/,
        "should be a host key as ssh-keyscan prints it: ssh-ed25519 AAAA…",
      )
      .meta({
        description: "SSH host key. A host with a different key is refused.",
        examples: [
          "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        ],
      }),
    key: z
      .strictObject({
        secret: EnvName.meta({ description: "Name of the secret.", examples: ["VM_SSH_KEY"] }),
      })
      .meta({
        description: "Private key for the SSH login.",
        examples: [{ secret: "VM_SSH_KEY" }],
      }),
  })
  .meta({ id: "vm", description: "A machine with Docker, reached over SSH." });

/** A DNS record in a Cloudflare zone. */
const DomainSpec = z
  .strictObject({
    host: Hostname.meta({ description: "Full host name.", examples: ["api.example.com"] }),
    to: z
      .union([
        z.strictObject({ vm: Key.meta({ description: "A VM.", examples: ["main"] }) }),
        z.strictObject({ service: Key.meta({ description: "A service.", examples: ["web"] }) }),
      ])
      .meta({ description: "Target of the record.", examples: [{ vm: "main" }] }),
    proxied: z
      .boolean()
      .optional()
      .meta({ description: "Through Cloudflare. Default: true.", examples: [true] }),
  })
  .meta({
    id: "domain",
    description: "A DNS record in a Cloudflare zone.",
    examples: [{ host: "api.example.com", to: { vm: "main" } }],
  });

/** What stands between the internet and the services. */
export const EdgeSpec = z
  .strictObject({
    zone: Hostname.meta({ description: "Cloudflare zone.", examples: ["example.com"] }),
    domains: z.record(Key, DomainSpec).meta({
      description: "DNS records by key.",
      examples: [{ api: { host: "api.example.com", to: { vm: "main" } } }],
    }),
    neverCache: z
      .array(z.string().startsWith("/"))
      .optional()
      .meta({
        description: "Paths that are never cached. A * at the end matches any rest.",
        examples: [["/ops/*", "/healthz"]],
      }),
  })
  .meta({ id: "edge", description: "DNS records and cache rules at Cloudflare." });

export type VmSpec = z.infer<typeof VmSpec>;
export type EdgeSpec = z.infer<typeof EdgeSpec>;
