import type { FileHandle } from "node:fs/promises";

/** The SHA-256 of a file that is sent in either direction: it tells one that came cut or damaged. */
export const CHECKSUM_HEADER = "x-checksum-sha256";

/** Most that is read of a file at once, in bytes. */
const CHUNK_BYTES = 64 * 1024;

/**
 * An open file as a download of the length that it has now; the file is closed with the answer.
 *
 * A log grows while it is sent: what is beyond the length that was told would be taken for the next
 * answer of the connection. A file that shrinks cuts the connection: nobody takes it for whole.
 */
export async function downloadOf(
  file: FileHandle,
  headers: Readonly<Record<string, string>>,
): Promise<Response> {
  const { size } = await file.stat();
  return new Response(streamOf(file, size), {
    headers: {
      "content-type": "application/octet-stream",
      "content-length": String(size),
      ...headers,
    },
  });
}

/** The first bytes of a file, read as they are asked for. */
function streamOf(file: FileHandle, size: number): ReadableStream<Uint8Array> {
  let at = 0;
  return new ReadableStream<Uint8Array>({
    pull: async (stream) => {
      try {
        const chunk = Buffer.alloc(Math.min(CHUNK_BYTES, size - at));
        const { bytesRead } = await file.read(chunk, 0, chunk.length, at);
        at += bytesRead;
        if (bytesRead > 0) stream.enqueue(chunk.subarray(0, bytesRead));
        else if (at < size) throw new Error(`the file shrank to ${at} of ${size} bytes`);
        if (at < size) return;
        await file.close();
        stream.close();
      } catch (error) {
        await file.close();
        throw error;
      }
    },
    cancel: () => file.close(),
  });
}
