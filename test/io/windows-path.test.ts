// SPDX-License-Identifier: MIT
import { describe, expect, test } from "vitest";
import { parseWindowsPath } from "../../src/io/windows-path.ts";

describe("a path of Windows is taken apart:", () => {
  test.each([
    [".\\base.vhdx", "relative", ["base.vhdx"]],
    ["base.vhdx", "relative", ["base.vhdx"]],
    ["./snapshots/base.vhdx", "relative", ["snapshots", "base.vhdx"]],
    ["..\\..\\a\\..\\base.vhdx", "relative", ["..", "..", "a", "..", "base.vhdx"]],
    ["C:\\VMs\\web\\base.vhdx", "absolute", ["VMs", "web", "base.vhdx"]],
    ["\\\\?\\c:\\VMs\\base.vhdx", "absolute", ["VMs", "base.vhdx"]],
    ["\\\\?\\Volume{9cdf8dfa-0000-0000-0000-501f00000000}\\base.vhdx", "absolute", ["base.vhdx"]],
    ["\\VMs\\base.vhdx", "absolute", ["VMs", "base.vhdx"]],
    ["/etc/shadow", "absolute", ["etc", "shadow"]],
    ["\\\\server\\share\\VMs\\base.vhdx", "another", ["VMs", "base.vhdx"]],
    ["//server/share/base.vhdx", "another", ["base.vhdx"]],
    ["\\\\?\\UNC\\server\\share\\base.vhdx", "another", ["base.vhdx"]],
  ])("%s", (path, start, parts) => {
    expect(parseWindowsPath(path)).toEqual({ start, parts });
  });
});

describe("no file of Windows is named by", () => {
  test.each([
    "",
    ".",
    "..",
    ".\\base\\..",
    "C:\\",
    "C:base.vhdx",
    "C:\\VMs\\..\\base.vhdx",
    "\\\\server\\share",
    "\\\\server",
    "\\\\.\\PhysicalDrive0",
    "\\\\?\\GLOBALROOT\\Device\\Harddisk0\\base.vhdx",
    "\\\\?\\PhysicalDrive0",
    "base.vhdx:stream",
    "base\0.vhdx",
    "base\n.vhdx",
    "*.vhdx",
    `.\\${"x".repeat(32_767)}`,
  ])("%j", (path) => {
    expect(parseWindowsPath(path)).toBeUndefined();
  });
});
