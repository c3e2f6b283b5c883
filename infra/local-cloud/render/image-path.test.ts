import { expect, test } from "vitest";

import { fullImagePath, imageRepository } from "./image-path.ts";

test.each([
  ["nginx", "docker.io/library/nginx:latest"],
  ["nginx:1.27", "docker.io/library/nginx:1.27"],
  ["acme/web", "docker.io/acme/web:latest"],
  ["ghcr.io/acme/web", "ghcr.io/acme/web:latest"],
  ["localhost:5000/web", "localhost:5000/web:latest"],
  ["ghcr.io/acme/web@sha256:ab", "ghcr.io/acme/web@sha256:ab"],
])("%s is read back as %s", (path, full) => {
  expect(fullImagePath(path)).toBe(full);
});

test.each([
  ["nginx:1.27", "docker.io/library/nginx"],
  ["localhost:5000/web:2", "localhost:5000/web"],
  ["ghcr.io/acme/web:1@sha256:ab", "ghcr.io/acme/web"],
])("%s is an image of %s", (path, repository) => {
  expect(imageRepository(path)).toBe(repository);
});
