// Stands for the Next.js app: one page.
import { createServer } from "node:http";

const { PORT, JOSLYN_API_ORIGIN } = process.env;

createServer((_request, response) => {
  response.writeHead(200, { "content-type": "text/html" });
  response.end(`<h1>Joslyn AI</h1><a href="${JOSLYN_API_ORIGIN}">API</a>`);
}).listen(Number(PORT), "127.0.0.1");
