// SPDX-License-Identifier: MIT
// Measures `vmguest audit` of one image over HTTP ranges, from a loopback server that answers after a delay:
//   npm run bench:remote -- IMAGE [--delay 5] [--rounds 3]
// Prints what the server sent beside what the same audit reads from the file.
import { spawn } from "node:child_process";
import { closeSync, existsSync, openSync, readSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { parseArgs } from "node:util";
import { CLI, machine, median, run, statsOf, table } from "./measure.js";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { delay: { type: "string", default: "5" }, rounds: { type: "string", default: "3" } },
});
const [image] = positionals;
if (image === undefined || !existsSync(image)) {
  console.error("usage: npm run bench:remote -- IMAGE [--delay MS] [--rounds N]");
  process.exit(2);
}

const descriptor = openSync(image, "r");
const size = statSync(image).size;
let requests = 0;
let bytesSent = 0;
const server = createServer((request, response) => {
  const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "") ?? [];
  setTimeout(() => {
    requests++;
    if (first === undefined) return response.writeHead(416).end();
    const end = Math.min(Number(last), size - 1);
    const body = Buffer.alloc(end - Number(first) + 1);
    readSync(descriptor, body, 0, body.length, Number(first));
    bytesSent += body.length;
    response.writeHead(206, { "content-range": `bytes ${first}-${end}/${size}`, etag: '"one"' }).end(body);
  }, Number(values.delay));
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const url = `http://127.0.0.1:${server.address().port}/image.vhdx`;

/** The server lives in this process, so that the command must not hold it up. */
function auditRemote() {
  const start = process.hrtime.bigint();
  const child = spawn(process.execPath, [CLI, "audit", url, "--format", "json", "--quiet"], {
    stdio: "ignore",
  });
  return new Promise((resolve, reject) => {
    child.on("exit", (code) =>
      code === 0
        ? resolve(Number(process.hrtime.bigint() - start) / 1e9)
        : reject(new Error(`the audit of ${url} ended with ${code}`)),
    );
  });
}

const local = run([process.execPath, CLI, "audit", image, "--format", "json", "--stats"]);
const seconds = [];
for (let round = 0; round < Number(values.rounds); round++) {
  requests = 0;
  bytesSent = 0;
  seconds.push(await auditRemote());
}
const { reads, bytesRead } = statsOf(local);
console.log(`${machine()}, ${values.delay} ms delay, ${values.rounds} rounds\n`);
console.log(
  table(
    ["source", "requests or reads", "bytes", "seconds"],
    [
      ["HTTP", requests, bytesSent, median(seconds).toFixed(2)],
      ["the file", reads, bytesRead, local.seconds.toFixed(2)],
    ],
  ),
);
server.close();
closeSync(descriptor);
