import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, renameSync, rmSync, utimesSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { rolldown } from "rolldown";
import { afterAll, beforeAll, expect, test } from "vitest";
import { auditImage } from "../../src/audit/index.ts";
import { parseHeaderFile, RemoteAccess } from "../../src/io/http/index.ts";
import { buildParserProgram, ParserThread } from "../io/http/parser-thread.ts";
import { buildGuest } from "./guests/builder.ts";
import { type Nginx, startNginx } from "./remote/nginx.ts";

const MIB = 1024 * 1024;

const folder = mkdtempSync(join(tmpdir(), "vmguest-remote-"));
const files = join(folder, "files");
const own = join(folder, "nginx");
const certificate = join(own, "certificate.pem");
const image = join(files, "web.vhdx");
const access = new RemoteAccess({ headers: parseHeaderFile("Authorization: Bearer hunter2") });
let nginx: Nginx;
let parser: string;
let identify: string;

beforeAll(async () => {
  for (const made of [files, own]) mkdirSync(made);
  const guest = { name: "ws2012r2", args: ["--os", "ws2012r2", "--virtual-size", "160M", "--files", "10"] };
  renameSync((await buildGuest(folder, 0, guest)).image, image);
  const key = ["-newkey", "rsa:2048", "-nodes", "-keyout", join(own, "key.pem")];
  const names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"];
  execFileSync("openssl", ["req", "-x509", ...key, ...names, "-out", certificate], { stdio: "ignore" });
  nginx = await startNginx(files, own);
  parser = await buildParserProgram();
  identify = await buildIdentify();
});

afterAll(async () => {
  await access.close();
  await nginx[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

/** The program whole, with the libraries that it needs. */
async function buildIdentify(): Promise<string> {
  const file = join(folder, "identify.mjs");
  const bundle = await rolldown({
    input: join(import.meta.dirname, "remote/identify.ts"),
    platform: "node",
    logLevel: "silent",
  });
  await bundle.write({ file, format: "esm", codeSplitting: false });
  await bundle.close();
  return file;
}

const parse = (path: string, by = access) => {
  const url = nginx.http + path;
  return new ParserThread(parser, { url, port: by.connect(url) });
};

/** What a process prints that asks over TLS. */
const identifyOver = (url: string, env = {}) =>
  execFileSync(process.execPath, [identify, url], {
    encoding: "utf8",
    env: { ...process.env, ...env },
  }).trim();

test.each(["/web.vhdx", "/moved/web.vhdx", "/private/web.vhdx"])(
  "an image behind %s of nginx is audited as the file that it is",
  async (path) => {
    await using thread = parse(path);
    const { image: report, bytesRead } = await thread.audit();
    const local = JSON.stringify(auditImage(image, { host: "ws2012r2" }));
    expect(report).toEqual(JSON.parse(local.replaceAll(image, nginx.http + path)));
    expect(report.guests).toHaveLength(1);
    expect(bytesRead).toBeLessThan(4 * MIB);
  },
);

test.each([
  ["/whole/web.vhdx", "REMOTE_NO_RANGES"],
  ["/none.vhdx", "REMOTE_NOT_FOUND"],
  ["/", "REMOTE_FORBIDDEN"],
])("%s is not: %s", async (path, code) => {
  await using thread = parse(path);
  expect((await thread.audit()).image.error).toMatchObject({ code });
});

test("without the credentials it is not either: REMOTE_UNAUTHORIZED", async () => {
  const bare = new RemoteAccess();
  await using thread = parse("/private/web.vhdx", bare);
  expect((await thread.audit()).image.error).toMatchObject({ code: "REMOTE_UNAUTHORIZED" });
  await bare.close();
});

test("a file that is touched between two reads is no longer the same: REMOTE_CHANGED", async () => {
  await using thread = parse("/web.vhdx");
  expect((await thread.ask({ kind: "check" })).error).toBeUndefined();
  utimesSync(image, 1_700_000_000, 1_700_000_000);
  expect((await thread.ask({ kind: "check" })).error).toMatchObject({
    code: "REMOTE_CHANGED",
    message: expect.stringContaining("changed"),
  });
});

test("over TLS the server must be one that is trusted", async () => {
  const url = `${nginx.https}/web.vhdx`;
  expect(identifyOver(url)).toBe("REMOTE_TLS");
  expect(identifyOver(url, { NODE_EXTRA_CA_CERTS: certificate })).toMatch(/^etag "[0-9a-f]+-[0-9a-f]+" \d+$/);
});
