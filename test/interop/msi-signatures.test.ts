import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { MemorySource } from "../../src/io/index.ts";
import { verifyMsi } from "../../src/package/authenticode/index.ts";
import { pemOf, THROW_AWAY } from "../lab/signing/index.ts";
import { readFixture } from "../support/fixtures.ts";

// osslsigncode signs MSIs that others made; what it signs must hold for us, and nothing else.

const folder = mkdtempSync(join(tmpdir(), "vmguest-msi-signatures-"));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (name: string) => join(folder, name);

function run(tool: string, ...args: string[]): string {
  const { status, stdout, stderr, error } = spawnSync(tool, args, { cwd: folder, encoding: "utf8" });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`${tool} ${args.join(" ")}: ${stderr}${stdout}`);
  return stdout;
}

const TRUST = { roots: [THROW_AWAY.root.certificate], now: new Date("2024-06-01T00:00:00Z") };
const verify = (bytes: Uint8Array) => verifyMsi(new MemorySource(bytes), TRUST);

beforeAll(() => {
  const { signer, authority } = THROW_AWAY;
  writeFileSync(at("signer.pem"), pemOf(signer.certificate) + pemOf(authority.certificate));
  writeFileSync(at("key.pem"), signer.key.export({ type: "pkcs8", format: "pem" }));
  writeFileSync(at("wixl.msi"), readFixture("msi/osslsigncode-unsigned.msi"));
  // A larger one, with streams of all sizes.
  run("msibuild", "msibuild.msi", "-s", "Integration Services", "Synthetic", "Intel;1033");
  run(
    "msibuild",
    "msibuild.msi",
    "-q",
    "CREATE TABLE `Property` (`Property` CHAR(72) NOT NULL, `Value` CHAR(0) PRIMARY KEY `Property`)",
  );
  run(
    "msibuild",
    "msibuild.msi",
    "-q",
    "INSERT INTO `Property` (`Property`, `Value`) VALUES ('ProductVersion', '6.3.9600.16384')",
  );
  for (const [index, size] of [1, 100, 4095, 4096, 100_000].entries()) {
    writeFileSync(at("stream"), Buffer.alloc(size, index + 1));
    run("msibuild", "msibuild.msi", "-a", `Stream${index}`, "stream");
  }
});

describe.each(["wixl.msi", "msibuild.msi"])("%s", (msi) => {
  const sign = (output: string, ...options: string[]) =>
    run(
      "osslsigncode",
      "sign",
      "-certs",
      "signer.pem",
      "-key",
      "key.pem",
      ...options,
      "-in",
      msi,
      "-out",
      output,
    );

  test.each([
    { name: "sha256", options: ["-h", "sha256"] },
    { name: "sha1", options: ["-h", "sha1"] },
    { name: "sha256-names", options: ["-h", "sha256", "-add-msi-dse"] },
    { name: "sha1-names", options: ["-h", "sha1", "-add-msi-dse"] },
  ])("signed as $name is trusted, and tampered with where any stream is changed", ({ name, options }) => {
    const output = `${name}-${msi}`;
    sign(output, ...options);
    const bytes = readFileSync(at(output));
    expect(verify(bytes)).toMatchObject({
      verdict: "signed-unknown-root",
      isTrusted: true,
      digestAlgorithms: [name.split("-")[0]],
    });
    const isLoose = verify(bytes).reasons.some((reason) => reason.includes("one after the other"));
    expect(isLoose).toBe(!options.includes("-add-msi-dse"));
    for (const text of ["Product", "Installation Database", "Integration Services"]) {
      const place = bytes.indexOf(text);
      if (place < 0) continue;
      const changed = Buffer.from(bytes);
      changed.write("X", place);
      expect([text, verify(changed).verdict]).toEqual([text, "tampered"]);
    }
  });

  test("signed with two digests has both", () => {
    const [once, twice] = [`once-${msi}`, `twice-${msi}`];
    sign(once, "-h", "sha1");
    run(
      "osslsigncode",
      "sign",
      "-nest",
      "-h",
      "sha256",
      "-certs",
      "signer.pem",
      "-key",
      "key.pem",
      "-in",
      once,
      "-out",
      twice,
    );
    expect(verify(readFileSync(at(twice)))).toMatchObject({
      isTrusted: true,
      digestAlgorithms: ["sha1", "sha256"],
    });
  });
});
