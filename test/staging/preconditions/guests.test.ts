import { expect, test } from "vitest";
import { checkPreconditions } from "../../../src/staging/preconditions/index.ts";
import { ascii, dirtyHive, imageState, REFUSED_GUESTS, servicing, WARNED_GUESTS } from "./refused-guests.ts";
import { outcomeOf, targetOf, WISH } from "./targets.ts";

test("a guest in good order has nothing in its way", () => {
  expect(outcomeOf(targetOf())).toEqual({ refusals: [], warnings: [] });
});

test.each(["vista", "ws2008", "win7", "win8", "ws2012", "win8.1", "ws2012r2"] as const)(
  "%s has nothing in its way",
  (release) => {
    expect(
      outcomeOf(targetOf({ windows: { release } }), {
        update: { ...WISH.update, isNotOnWindowsUpdate: true },
      }),
    ).toEqual({
      refusals: [],
      warnings: [],
    });
  },
);

test.each(REFUSED_GUESTS)("$name is refused with $code", ({ guest, code }) => {
  expect(outcomeOf(targetOf(guest))).toEqual({ refusals: [code], warnings: [] });
});

test.each(WARNED_GUESTS)("$name is told as $code", ({ guest, code }) => {
  expect(outcomeOf(targetOf(guest))).toEqual({ refusals: [], warnings: [code] });
});

test("a sealed guest is not refused", () => {
  const generalized = {
    software: imageState("IMAGE_STATE_GENERALIZE_RESEAL_TO_OOBE"),
    system: { Setup: { SetupType: 2, CmdLine: "oobe\\windeploy.exe", SystemSetupInProgress: 1 } },
  };
  const target = targetOf({ windows: generalized });
  expect(target.report.setupState).toBe("generalized");
  expect(outcomeOf(target)).toEqual({ refusals: [], warnings: [] });
});

test("an earlier staging's folder is no stranger's, even where its job is damaged", () => {
  const files = { "Setup/vmguest/job.ini": ascii("[vmguest]\r\nschema=1\r\n") };
  expect(outcomeOf(targetOf({ windows: { files } })).refusals).toEqual([]);
});

test("all reasons are given at once, each with the volume it is about", () => {
  const target = targetOf({
    windows: { software: servicing({ RebootPending: {} }), files: dirtyHive() },
    ntfs: { volumeFlags: 1, logFile: "unclean" },
  });
  const { refusals } = checkPreconditions(target, { ...WISH, allowed: new Set() });
  expect(refusals.map(({ code }) => code)).toEqual([
    "NTFS_DIRTY",
    "NTFS_LOG_UNCLEAN",
    "HIVE_EDIT_UNRECOVERED",
    "SERVICING_PENDING",
    "STAGE_SPACE",
  ]);
  expect(refusals.map(({ where }) => where.partition)).toEqual([0, 0, 0, 0, 0]);
});

test("what cannot be allowed is refused all the same", () => {
  const target = targetOf({
    windows: { software: servicing({ RebootPending: {} }) },
    ntfs: { volumeFlags: 1 },
  });
  const allowed = new Set(["SERVICING_PENDING", "NTFS_DIRTY", "STAGE_SPACE"]);
  expect(outcomeOf(target, { allowed })).toEqual({
    refusals: ["NTFS_DIRTY"],
    warnings: ["SERVICING_PENDING"],
  });
});

test("a change that installs nothing asks nothing of the guest's servicing", () => {
  const target = targetOf({ windows: { release: "win10" } });
  const { refusals, warnings } = checkPreconditions(target, { allowed: new Set(), hostFolder: undefined });
  expect([...refusals, ...warnings].map(({ code }) => code)).toEqual(["CHILDREN_UNKNOWN"]);
});
