import { describe, expect, test } from "vitest";
import { parseJob } from "../../src/guest/index.ts";
import type { OfferedPackage } from "../../src/package/index.ts";
import { planPayload } from "../../src/staging/payload-changes.ts";
import { firstBootScript } from "../../src/staging/script/index.ts";
import { JOB, PAYLOAD as JOB_BYTES } from "../guest/staging/jobs.ts";
import { LabTarget } from "./lab-target.ts";

const FOLDER = "Windows/Setup/vmguest";
const PAYLOAD = { bytes: JOB_BYTES, offer: { name: JOB.packageName } as OfferedPackage };

const guest = (volume: Record<string, Uint8Array> = {}) => LabTarget.of({ release: "ws2008r2", volume });
const plan = (target: LabTarget) => planPayload(target, PAYLOAD, JOB);
const empty = new Uint8Array();

describe("the files of a job", () => {
  test("are the package as it was verified, the job and its script, in a folder of their own", () => {
    const changes = plan(guest());
    expect(
      changes.map(({ kind, stage, ...change }) => [kind, stage, "path" in change && change.path]),
    ).toEqual([
      ["create-directory", "payload", FOLDER],
      ["create-file", "payload", `${FOLDER}/ic.cab`],
      ["create-file", "payload", `${FOLDER}/job.ini`],
      ["create-file", "payload", `${FOLDER}/run.cmd`],
    ]);
    const contents = changes.flatMap((change) => ("content" in change ? [change.content] : []));
    expect(contents[0]).toBe(PAYLOAD.bytes);
    expect(parseJob(contents[1] as Uint8Array)).toEqual(JOB);
    expect(contents[2]).toEqual(firstBootScript(JOB));
    expect(changes.every(({ reason }) => reason !== "")).toBe(true);
  });

  test("get the folder above them too where Windows Setup left none", () => {
    const { windows } = guest();
    const bare = new LabTarget({
      [windows.systemPath]: bytesOf(guest(), windows.systemPath),
      [windows.softwarePath]: bytesOf(guest(), windows.softwarePath),
    });
    expect(plan(bare).slice(0, 2)).toMatchObject([
      { kind: "create-directory", path: "Windows/Setup" },
      { kind: "create-directory", path: FOLDER },
    ]);
  });

  test("replace those of an earlier job that left nothing but logs", () => {
    const left = { "ic.cab": empty, "JOB.INI": empty, "run.log": empty, "dism.log": empty };
    const volume = Object.fromEntries(
      Object.entries(left).map(([name, bytes]) => [`${FOLDER}/${name}`, bytes]),
    );
    expect(plan(guest(volume)).map(({ kind }) => kind)).toEqual([
      "replace-file",
      "replace-file",
      "create-file",
    ]);
  });

  test.each(["attempt.1", "result.ini", "lock/", "sb/", "done", "customer.txt"])(
    "are put beside %s, which no script counts that is of another job",
    (name) => {
      const target = guest({ [`${FOLDER}/job.ini`]: empty, [`${FOLDER}/${name}`]: empty });
      expect(plan(target).map(({ kind }) => kind)).toEqual(["create-file", "replace-file", "create-file"]);
    },
  );
});

function bytesOf(target: LabTarget, path: string): Uint8Array {
  return Uint8Array.from(Buffer.from(target.text(path), "latin1"));
}
