import { describe, expect, test } from "vitest";
import {
  buildIcPackage,
  componentStem,
  FEW_COMPONENTS,
  icPackageFileName,
  icPackageFiles,
  type LabIcPackage,
} from "../lab/ic-package.ts";
import { hash, isPe, peDigest } from "../lab/signing/index.ts";

// Others' tools read these packages in test/interop/lab-packages.test.ts.

const PACKAGES: readonly LabIcPackage[] = [
  { target: "6.x", architecture: "amd64" },
  { target: "6.x", architecture: "x86" },
  { target: "6.2", architecture: "amd64" },
  { target: "6.2", architecture: "x86" },
];

const text = (bytes: Uint8Array | undefined) => Buffer.from(bytes ?? []).toString();

describe.each(PACKAGES)("the lab's package for $target on $architecture", (options) => {
  const files = icPackageFiles(options);
  const catalog = Buffer.from(files.get("update.cat")!);
  const listed = [...files].filter(([path]) => path !== "update.cat");

  test("is the same bytes every time", () => {
    const few = { ...options, components: FEW_COMPONENTS };
    expect(Buffer.compare(buildIcPackage(few), buildIcPackage(few))).toBe(0);
  });

  test("begins with its catalog and has a folder and a manifest for every component with files", () => {
    const paths = [...files.keys()];
    expect(paths[0]).toBe("update.cat");
    const folders = new Set(paths.filter((path) => path.includes("/")).map((path) => path.split("/")[0]));
    expect([...folders].filter((folder) => !files.has(`${folder}.manifest`))).toEqual([]);
    expect(paths.filter((path) => path !== path.toLowerCase())).toEqual([]);
  });

  test("lists every file in its catalog", () => {
    const missing = listed.filter(([, bytes]) => {
      const digest = isPe(bytes) ? peDigest(bytes)("sha1") : hash("sha1", bytes);
      const asText = Buffer.from(`${Buffer.from(digest).toString("hex").toUpperCase()}\0`, "utf16le");
      return !catalog.includes(options.target === "6.x" ? asText : Buffer.from(digest));
    });
    expect(missing.map(([path]) => path)).toEqual([]);
  });

  test("has the SHA-256 of every driver in a manifest", () => {
    const missing = listed.filter(([path, bytes]) => {
      const [folder, name] = path.split("/");
      if (name === undefined) return false;
      return !text(files.get(`${folder}.manifest`)).includes(
        Buffer.from(hash("sha256", bytes)).toString("base64"),
      );
    });
    expect(missing.map(([path]) => path)).toEqual([]);
  });

  test("says that it is synthetic wherever it says what it is", () => {
    const silent = listed.filter(
      ([path, bytes]) => !/[\\/]/.test(path) && !text(bytes).includes("Synthetic package"),
    );
    expect(silent.map(([path]) => path)).toEqual([]);
  });
});

describe("the lab's package", () => {
  const few: LabIcPackage = { components: FEW_COMPONENTS };

  test.each([
    { options: {}, name: "Windows6.x-HyperVIntegrationServices-x64.cab" },
    { options: { target: "6.2", architecture: "x86" }, name: "Windows6.2-HyperVIntegrationServices-x86.cab" },
  ] as const)("is called $name", ({ options, name }) => {
    expect(icPackageFileName(options)).toBe(name);
  });

  test("shortens long names of components as Windows does", () => {
    const identity = { architecture: "amd64", version: "1.2.3.4" };
    expect(componentStem(identity, "Microsoft-Hyper-V-Integration-Services-Deployment")).toMatch(
      /^amd64_microsoft-hyper-v-i\.\.services-deployment_31bf3856ad364e35_1\.2\.3\.4_none_[0-9a-f]{16}$/,
    );
  });

  test("takes its identity, number and parents from the options", () => {
    const files = icPackageFiles({
      ...few,
      version: "6.3.9600.18692",
      kb: "KB4021918",
      packageName: "Other-Package",
      parents: [{ name: "Some-Parent", version: "1.0.0.0" }],
    });
    const update = text(files.get("update.mum"));
    expect(update).toContain('name="Other-Package"');
    expect(update).toContain('version="6.3.9600.18692"');
    expect(update).toContain('identifier="KB4021918"');
    expect(update.match(/name="Some-Parent".*version="1.0.0.0"/)).not.toBeNull();
    expect(update).not.toContain("Foundation-Package");
  });

  test("can be changed before its catalog is made, which then agrees, and behind its back", () => {
    const changed = Buffer.from("changed");
    const path = [...icPackageFiles(few).keys()].find((name) => name.endsWith("vmbus.sys"))!;
    const listsChange = (options: LabIcPackage) => {
      const files = icPackageFiles({ ...few, catalog: { version: 2 }, ...options });
      expect(files.get(path)).toBe(changed);
      return Buffer.from(files.get("update.cat")!).includes(Buffer.from(hash("sha256", changed)));
    };
    expect(listsChange({ beforeCatalog: (files) => files.set(path, changed) })).toBe(true);
    expect(listsChange({ beforePacking: (files) => files.set(path, changed) })).toBe(false);
  });

  test("can lack any file, its signature too", () => {
    const files = icPackageFiles({ ...few, beforePacking: (packed) => packed.delete("update.mum") });
    expect(files.has("update.mum")).toBe(false);
    const unsigned = buildIcPackage({ ...few, signing: null });
    expect(buildIcPackage(few).length).toBeGreaterThan(unsigned.length + 1000);
  });
});
