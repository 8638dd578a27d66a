import { expect, test } from "vitest";
import { describeOs } from "../../src/report/guest-words.ts";
import { guest } from "./reports.ts";

test.each([
  { os: { id: "win11", name: "Windows 10 Enterprise" }, words: "Windows 11 Enterprise x64" },
  { os: { id: "win11", name: "Windows 11 Pro" }, words: "Windows 11 Pro x64" },
  { os: { id: "win10", name: "Windows 10 Pro" }, words: "Windows 10 Pro x64" },
  { os: { id: "win11", name: "Windows 100" }, words: "Windows 100 x64" },
  { os: { id: "win11", name: null, version: "10.0" }, words: "Windows NT 10.0 x64" },
] as const)("a guest that is $os.id and calls itself $os.name is shown as $words", ({ os, words }) => {
  expect(describeOs(guest({ os: { servicePack: null, ...os } }))).toBe(words);
});
