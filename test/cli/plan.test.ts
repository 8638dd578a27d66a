import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { MemorySource, readBytes } from "../../src/io/index.ts";
import { type OfferedPackage, openOffer } from "../../src/package/index.ts";
import { buildGuestDisc } from "../lab/ic-package.ts";
import { changeLab, fakeStaging } from "./changes.ts";
import { parseReport } from "./packages.ts";
import { run } from "./run.ts";

const { folder, image, packageOptions } = changeLab();
const { calls, dependencies } = fakeStaging();
const plan = (...argv: readonly string[]) => run(["plan", ...argv, ...packageOptions], { dependencies });

describe("vmguest plan", () => {
  test.each([
    { name: "ready", code: 0 },
    { name: "current", code: 0 },
    { name: "refused", code: 4 },
    { name: "broken", code: 3 },
  ])("ends with $code for an image that is $name", async ({ name, code }) => {
    expect((await plan(image(name))).code).toBe(code);
  });

  test.each(["ready", "current", "refused", "broken"])(
    "has as JSON what its schema says of an image that is %s",
    async (name) => {
      const { stdout } = await plan(image(name), "--format", "json");
      expect(parseReport("plan-1", stdout)).toMatchObject({ schema: "vmguest.plan/1", image: image(name) });
    },
  );

  test("hands on what the options say", async () => {
    const before = calls.length;
    await plan(
      image("ready"),
      ...["--host", "ws2012r2", "--volume", "2", "--trigger", "group-policy", "--reboot", "never"],
      ...["--persist-version", "--not-on-windows-update", "--allow", "NTFS_DIRTY,UNDO_PRESENT"],
      ...["--parent-root", folder],
    );
    expect(calls.slice(before)).toMatchObject([
      {
        name: "planStaging",
        path: image("ready"),
        options: {
          host: "ws2012r2",
          volume: 2,
          trigger: "group-policy",
          reboot: "never",
          persistsVersion: true,
          isNotOnWindowsUpdate: true,
          allowed: new Set(["NTFS_DIRTY", "UNDO_PRESENT"]),
          parentRoots: [folder],
          offered: [{ isIntegrationServices: true }],
          trust: { roots: [expect.any(Uint8Array)], now: expect.any(Date) },
        },
      },
    ]);
  });

  test("takes a path that goes on into a package, and opens what that leads to", async () => {
    const disc = join(folder, "vmguest.iso");
    writeFileSync(
      disc,
      buildGuestDisc({
        packages: { amd64: new Map([["ic.cab", readFileSync(join(folder, "ic.cab"))]]), x86: new Map() },
      }),
    );
    const trust = packageOptions.slice(2);
    const { stderr } = await run(
      ["plan", image("ready"), "--package", `${disc}/support/amd64/ic.cab`, ...trust],
      { dependencies },
    );
    expect(stderr).toBe("");
    const options = calls.at(-1)?.options ?? expect.fail("nothing was planned");
    const [offer] = options["offered"] as OfferedPackage[];
    expect(offer?.place).toEqual([disc, "support/amd64/ic.cab"]);
    const source = openOffer(
      offer ?? expect.fail("nothing is offered"),
      (file) => new MemorySource(readFileSync(file)),
    );
    expect(
      Buffer.from(readBytes(source, 0, source.sizeBytes)).equals(readFileSync(join(folder, "ic.cab"))),
    ).toBe(true);
  });

  test("makes another GUID each time, and opens the host's files", async () => {
    await plan(image("ready"));
    const options = calls.at(-1)?.options ?? expect.fail("nothing was planned");
    const newGuid = options["newGuid"] as () => string;
    expect(newGuid()).toMatch(/^[0-9a-f-]{36}$/);
    expect(newGuid()).not.toBe(newGuid());
    expect(options["openFile"]).toBeTypeOf("function");
    expect(options["now"]).toBeInstanceOf(Date);
  });

  test("ends with the command line that does it, with what was asked for", async () => {
    const { stdout } = await plan(image("ready"), "--reboot", "never", "--allow", "NTFS_DIRTY");
    expect(stdout.split("\n").at(-2)).toBe(
      `  vmguest stage ${image("ready")} ${packageOptions.slice(0, 2).join(" ")} --allow NTFS_DIRTY ` +
        `--reboot never ${packageOptions.slice(2).join(" ")}`,
    );
    expect((await plan(image("refused"))).stdout).not.toContain("vmguest stage");
  });

  test("writes the plan to a file that is named", async () => {
    const path = join(folder, "plan.json");
    const { stdout } = await plan(image("ready"), "--format", "json", "--output", path);
    expect(stdout).toBe("");
    expect(JSON.parse(readFileSync(path, "utf8")).schema).toBe("vmguest.plan/1");
  });

  test("says on stderr what kept it from being made", async () => {
    expect((await plan(image("broken"))).stderr).toContain("[VHDX_HEADERS_INVALID]");
  });

  test.each([
    { argv: [image("ready")], message: "--package is missing" },
    { argv: [image("ready"), ...packageOptions, "--allow", "NOPE"], message: '"NOPE" is no code' },
    { argv: [image("ready"), ...packageOptions, "--host", "nt4"], message: "--host takes" },
    {
      argv: [image("ready"), ...packageOptions, "--output", join(folder, "x.vhdx")],
      message: "like a disk image",
    },
    { argv: [image("ready"), "--package", image("ready")], message: "" },
    { argv: [join(folder, "nowhere.vhdx"), ...packageOptions], message: "no file or folder" },
    { argv: [folder, ...packageOptions], message: "one image is wanted" },
  ])("is wrong usage where $message", async ({ argv, message }) => {
    const { code, stdout, stderr } = await run(["plan", ...argv], { dependencies });
    expect(code).toBeGreaterThanOrEqual(2);
    expect({ stdout, existed: existsSync(join(folder, "x.vhdx")) }).toEqual({ stdout: "", existed: false });
    expect(stderr).toContain(message);
  });
});
