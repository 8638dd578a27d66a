import { describe, expect, test } from "vitest";
import { TRIGGERS } from "../../src/guest/index.ts";
import { formatPlan, formatRollback, formatStage, writeCommand } from "../../src/report/index.ts";
import { plan, refusedPlan, rollbackReport, stageReport } from "./plans.ts";

const options = { colour: false, width: 100 };
const stageOptions = { ...options, showsPlan: false };

describe("a plan for people", () => {
  test("says the guest, the package, what installs it, every change, and what to type next", () => {
    const nextCommand = "vmguest stage web01.vhdx --package vmguest.iso";
    expect(formatPlan(plan(), { ...options, nextCommand })).toMatchInlineSnapshot(`
      "web01.vhdx: ready, nothing has been written
        guest    Windows Server 2008 R2 Standard SP1 x64 (WEB01, volume 1, Windows), specialized
        host     ws2012r2
        verdict  outdated; action: stage-cab
        because  6.3.9600.16384 is older than 6.3.9600.19456
        package  vmguest.iso/support/amd64/Windows6.x-HyperVIntegrationServices-x64.cab
                 version 6.3.9600.19456, 712345 bytes, signature: microsoft
                 identity Microsoft-Hyper-V-Integration-Services-
                 Package~31bf3856ad364e35~amd64~~6.3.9600.19456
                 SHA-256 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
        trigger  setup-mode
                 the guest is specialised and its setup slot is free
                 not group-policy: it is needed only where setup mode is not to be had
        then     At its next start Windows runs the script as LocalSystem before the logon screen, which
                 waits for it. The script first takes its own trigger away, so that it cannot run in a
                 loop.
                 Where the installer asks for it, the guest restarts once by itself. The script begins an
                 installation at 3 starts at most, and then gives up.
        writes   1.2 MiB in 7 steps, each on the disk before the next begins; the file grows by 1.0 MiB

      CHANGES, in this order
        STAGE    CHANGE       WHERE                                                BYTES
        payload  make folder  Windows/Setup/vmguest
          - all that is staged stands in a folder of its own
        payload  make file    Windows/Setup/vmguest/ic.cab                         712345
          - the package itself
        arming   set value    Windows/System32/config/SYSTEM: Setup\\SetupType = 2  4
          - has Windows run the script before the logon screen

      TO DO IT
        vmguest stage web01.vhdx --package vmguest.iso
      "
    `);
  });

  test("says each refusal with its cure, and which of them can be allowed", () => {
    expect(formatPlan(refusedPlan(), { ...options, nextCommand: "never shown" })).toMatchInlineSnapshot(`
      "web01.vhdx: refused, the image must not be written to as it is
        guest    Windows Server 2008 R2 Standard SP1 x64 (WEB01, volume 1, Windows), specialized
        host     ws2012r2
        verdict  outdated; action: stage-cab
        because  6.3.9600.16384 is older than 6.3.9600.19456
        package  vmguest.iso/support/amd64/Windows6.x-HyperVIntegrationServices-x64.cab
                 version 6.3.9600.19456, 712345 bytes, signature: microsoft
                 identity Microsoft-Hyper-V-Integration-Services-
                 Package~31bf3856ad364e35~amd64~~6.3.9600.19456
                 SHA-256 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef

      REFUSED
        refused  the volume is marked dirty: Windows will check it at the next start [NTFS_DIRTY]
                 - the volume is marked dirty (volume 1)
                 Start the VM, run \`chkdsk /f\` in the guest, and shut it down properly.
        refused  the image has an undo file: an earlier change of it can still be taken back
                 [UNDO_PRESENT]
                 - an earlier change (volume 1)
                 Start the VM, run \`chkdsk /f\` in the guest, and shut it down properly.
                 If you know better: --allow UNDO_PRESENT has it written to all the same.
      "
    `);
  });

  test("says why there is nothing to do", () => {
    const nothing = plan({
      outcome: "nothing-to-do",
      reasons: ["the guest has this version"],
      package: null,
      trigger: null,
      changes: [],
      writes: null,
    });
    const text = formatPlan(nothing, { ...options, nextCommand: "never shown" });
    expect(text).toMatch(/^web01\.vhdx: nothing to do\n/);
    expect(text).toContain("because  the guest has this version");
    expect(text).not.toContain("CHANGES");
    expect(text).not.toContain("never shown");
  });

  test("names the code of what kept it from being made", () => {
    const error = {
      code: "VHDX_HEADERS_INVALID",
      kind: "corrupt",
      message: "m",
      where: "w",
      hint: null,
    } as const;
    const failed = plan({ outcome: "failed", error, guest: null, package: null, trigger: null, changes: [] });
    expect(formatPlan(failed, options)).toMatch(
      /^web01\.vhdx: no plan could be made \[VHDX_HEADERS_INVALID\]\n/,
    );
  });

  test("names a root that Microsoft does not have", () => {
    const { package: chosen } = plan();
    if (chosen === null) expect.fail("the plan has a package");
    const privately = { ...chosen, signature: "signed-unknown-root", trustRoot: "CN=Test" };
    expect(formatPlan(plan({ package: privately }), { ...options, width: 200 })).toContain(
      "signature: signed-unknown-root under CN=Test, a root that --trust-root gave",
    );
  });

  test.each(TRIGGERS)("says what the guest does next with %s", (id) => {
    const trigger = { id, reboot: "auto", maxAttempts: 3, considered: [] } as const;
    const text = formatPlan(plan({ trigger }), options);
    expect(text).toMatch(/\n {2}then {5}\S/);
    expect(text.includes("restarts once by itself")).toBe(id === "setup-mode" || id === "group-policy");
  });

  test("lets nothing from an image reach the terminal as it is", () => {
    const [change] = plan().changes;
    if (change === undefined) expect.fail("the plan has changes");
    const hostile = plan({
      image: "a\x1b[31m.vhdx",
      reasons: ["\x1b]0;title\x07"],
      changes: [{ ...change, path: "a\u202eb", key: "k\x9b", value: "v\n", data: "\x1b" }],
    });
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
    expect(formatPlan(hostile, options)).not.toMatch(/[\x00-\x09\x0b-\x1f\x80-\x9f\u202e]/);
  });
});

describe("a staging for people", () => {
  test("says what was done, how to take it back, and what the guest does next", () => {
    expect(formatStage(stageReport(), stageOptions)).toMatchInlineSnapshot(`
      "web01.vhdx: written, read again and compared
        written to  the image itself
        written     1.2 MiB in 7 steps
        compared    190 pages of the disk and 2 records of files and folders changed, as planned and
                    nothing else
                    Windows/System32/config/SYSTEM: 3 cells
        undo file   web01.vhdx.vmguest-undo
        take back   vmguest rollback web01.vhdx, as long as the VM has not been started; keep the undo
                    file until then
        next        Start the VM.
                    At its next start Windows runs the script as LocalSystem before the logon screen,
                    which waits for it. The script first takes its own trigger away, so that it cannot run
                    in a loop.
                    Where the installer asks for it, the guest restarts once by itself. The script begins
                    an installation at 3 starts at most, and then gives up.
                    Once it has run, shut it down: vmguest audit web01.vhdx tells what came of it.
      "
    `);
  });

  test("has the plan where the reader has not seen it", () => {
    expect(formatStage(stageReport(), { ...options, showsPlan: true })).toContain("CHANGES, in this order");
  });

  test.each([
    { kind: "child", words: "a differencing disk over web01.vhdx" },
    { kind: "copy", words: "a copy of web01.vhdx" },
  ] as const)("says of a $kind that it is simply deleted", ({ kind, words }) => {
    const target = { kind, path: "try/web01 2.vhdx" };
    const text = formatStage(stageReport({ target, undoFile: null }), { ...stageOptions, width: 200 });
    expect(text).toContain(words);
    expect(text).toContain("take back   delete try/web01 2.vhdx; web01.vhdx is as it was");
    expect(text).toContain("vmguest audit 'try/web01 2.vhdx'");
  });

  test.each(["ready", "nothing-to-do", "refused", "rolled-back", "failed"] as const)(
    "says in one line that it is %s",
    (outcome) => {
      const text = formatStage(stageReport({ outcome, plan: null, target: null, proof: null }), stageOptions);
      expect(text).toMatch(/^web01\.vhdx: [a-z][^\n]+\n$/);
    },
  );

  test("says what a check found before as well", () => {
    const { proof } = stageReport();
    if (proof === null) expect.fail("the staging has a proof");
    const known = { ...proof, knownFindings: ["NTFS_INDEX", "NTFS_INDEX"] };
    expect(formatStage(stageReport({ proof: known }), stageOptions)).toContain(
      "before as well: NTFS_INDEX\n",
    );
  });
});

test.each([
  { outcome: "rolled-back", words: /bit for bit as it was.*\n {2}written {2}12288 bytes\n$/ },
  { outcome: "finished", words: /complete.*\n {2}undo file {2}web01\.vhdx\.vmguest-undo\n/ },
  { outcome: "discarded", words: /kept for good/ },
  { outcome: "nothing-to-do", words: /no undo file/ },
  { outcome: "failed", words: /^web01\.vhdx: failed/ },
] as const)("a rollback that is $outcome is told as such", ({ outcome, words }) => {
  expect(formatRollback(rollbackReport({ outcome }), options)).toMatch(words);
});

test.each([
  { words: ["vmguest", "stage", "a.vhdx"], line: "vmguest stage a.vhdx" },
  { words: ["vmguest", "a b.vhdx", "it's"], line: "vmguest 'a b.vhdx' 'it'\\''s'" },
  { words: ["vmguest", "a;b", "$(c)", "C:\\x"], line: "vmguest 'a;b' '$(c)' 'C:\\x'" },
])("the command line $line can be given to a shell", ({ words, line }) => {
  expect(writeCommand(words)).toBe(line);
});
