import { execFileSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  armedCommandLine,
  groupPolicyCommand,
  parseResult,
  runOnceCommand,
  type StagingJob,
  type StagingResult,
} from "../../../src/guest/index.ts";
import { firstBootScript } from "../../../src/staging/script/index.ts";
import type { ScriptMemory } from "../../../src/staging/script/machine-state.ts";

/** Programs of Windows that a stand-in takes the place of. */
const STAND_INS = ["dism", "pkgmgr", "ping", "shutdown", "expand"] as const;
type StandIn = (typeof STAND_INS)[number];

const CBS = "HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Component Based Servicing";
const SAFE_BOOT = "HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Control\\SafeBoot\\Option";

/** How the guest is when it starts. */
export interface GuestState {
  /** What the installers end with, one after the other; the last one for ever. */
  readonly codes?: Partial<Record<StandIn, readonly (number | "hang")[]>>;
  readonly imageState?: string;
  readonly isSetupRunning?: boolean;
  /** `CurrentState` of the package. */
  readonly packageState?: number;
  readonly executeState?: number;
  readonly isRestartPending?: boolean;
  readonly isRestarting?: boolean;
  readonly isSafeMode?: boolean;
}

/** What was there after a start. */
export interface Boot {
  readonly memory: ScriptMemory;
  readonly result: StagingResult | undefined;
  /** `Phase` and `Exit` in SOFTWARE. */
  readonly mirror: { readonly phase: string; readonly exit: string };
  /** What was called, with what setup mode looked like then. */
  readonly calls: readonly string[];
  /** Exit code of the trigger's command; undefined where nothing was run. */
  readonly exitCode: number | undefined;
}

/** A Windows that is Wine's: its cmd.exe and reg.exe run the script, stand-ins the rest. */
export class WineGuest {
  readonly #prefix = mkdtempSync(join(tmpdir(), "vmguest-first-boot-"));
  readonly #drive = join(this.#prefix, "drive_c");
  readonly #standIns = join(this.#drive, "standins");
  readonly folder = join(this.#drive, "windows/Setup/vmguest");
  #job: StagingJob | undefined;

  constructor() {
    // Stays for a while, so that not every start of a program starts a server.
    this.#run("wineserver", "-p60");
    this.#run("wineboot", "-i");
    mkdirSync(this.#standIns);
    const build = (name: string) => {
      const program = join(this.#standIns, `${name}.exe`);
      const source = join(import.meta.dirname, `${name}.c`);
      execFileSync("x86_64-w64-mingw32-gcc", ["-O1", "-s", "-Wall", "-Werror", "-o", program, source]);
      return program;
    };
    build("winlogon");
    const standIn = build("standin");
    for (const name of STAND_INS) {
      copyFileSync(standIn, join(this.#drive, "windows/system32", `${name}.exe`));
    }
  }

  close(): void {
    this.#run("wineserver", "-k", "-w");
    rmSync(this.#prefix, { recursive: true, force: true });
  }

  /** Puts a job into a guest that has none, as a staging does, and sets the state of everything else. */
  stage(job: StagingJob, state: GuestState = {}): void {
    this.#job = job;
    rmSync(this.folder, { recursive: true, force: true });
    mkdirSync(this.folder, { recursive: true });
    writeFileSync(join(this.folder, "run.cmd"), firstBootScript(job));
    writeFileSync(join(this.folder, "ic.cab"), "a package");
    writeFileSync(join(this.folder, "job.ini"), "a job");
    const isArmed = job.trigger === "setup-mode";
    this.#import([
      "[-HKEY_LOCAL_MACHINE\\SOFTWARE\\vmguest]",
      "[HKEY_LOCAL_MACHINE\\SYSTEM\\Setup]",
      `"CmdLine"=${quote(isArmed ? armedCommandLine(job.systemRoot) : "")}`,
      `"SetupType"=dword:${isArmed ? 2 : 0}`,
      '"SetupShutdownRequired"=-',
      ...this.#stateLines(state),
    ]);
    this.#arrange(state);
  }

  /** Changes the state of the guest between two starts. */
  change(state: GuestState): void {
    this.#import(this.#stateLines(state));
    this.#arrange(state);
  }

  lose(...names: readonly string[]): void {
    for (const name of names) rmSync(join(this.folder, name), { recursive: true, force: true });
  }

  loseRegistryKey(): void {
    this.#import(["[-HKEY_LOCAL_MACHINE\\SOFTWARE\\vmguest]"]);
  }

  has(name: string): boolean {
    return existsSync(join(this.folder, name));
  }

  read(name: string): string {
    return readFileSync(join(this.folder, name), "latin1");
  }

  /** Starts the guest: whatever the job's trigger has it run, in the environment that it would have. */
  boot(variables: Readonly<Record<string, string>> = {}): Boot {
    const job = this.#requireJob();
    rmSync(join(this.#standIns, "log.txt"), { force: true });
    const command = triggerCommand(job);
    const said = this.#wine(
      variables,
      "C:\\standins\\winlogon.exe",
      job.id,
      ...(command === undefined ? [] : [command]),
    );
    return this.#look(said);
  }

  /** What is there now, with nothing started. */
  look(): Boot {
    return this.#look(
      this.#wine({}, "C:\\standins\\winlogon.exe", this.#requireJob().id, "C:\\standins\\none.exe"),
    );
  }

  #look(said: string): Boot {
    const job = this.#requireJob();
    const values = new Map(
      said.split(/\r?\n/).map((line) => [line.split("=", 1)[0] ?? "", line.slice(line.indexOf("=") + 1)]),
    );
    const number = (name: string) => Math.max(0, Number(values.get(name)));
    const marks = (name: string, count: number) =>
      Array.from({ length: count }, (_, index) => index + 1).findLast((index) =>
        this.has(`${name}.${index}`),
      ) ?? 0;
    const result = this.has("result.ini")
      ? parseResult(readFileSync(join(this.folder, "result.ini")))
      : undefined;
    const log = join(this.#standIns, "log.txt");
    return {
      memory: {
        isSetupMode: number("SetupType") === 2,
        hasCommand: values.get("CmdLine") !== "",
        asksRestart: number("SetupShutdownRequired") === 1,
        hasScript: this.has("run.cmd"),
        folder: {
          attempts: marks("attempt", job.maxAttempts + 1),
          restarts: marks("restart", 9),
          verifies: this.has("verify"),
          isDone: this.has("done"),
        },
        registry: { attempts: number("Attempt"), restarts: number("Restarts") },
        phase: result?.phase,
      },
      result,
      mirror: { phase: values.get("Phase") ?? "", exit: values.get("Exit") ?? "" },
      calls: existsSync(log) ? readFileSync(log, "latin1").trimEnd().split(/\r?\n/) : [],
      exitCode: values.has("exit") ? Number(values.get("exit")) : undefined,
    };
  }

  #stateLines(state: GuestState): string[] {
    const packageKey = `${CBS}\\Packages\\${this.#requireJob().identity}`;
    const dword = (value: number) => `dword:${(value >>> 0).toString(16)}`;
    return [
      `[-${CBS}]`,
      `[-${SAFE_BOOT}]`,
      "[HKEY_LOCAL_MACHINE\\SYSTEM\\Setup]",
      `"SystemSetupInProgress"=${dword(state.isSetupRunning === true ? 1 : 0)}`,
      "[HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Setup\\State]",
      `"ImageState"=${quote(state.imageState ?? "IMAGE_STATE_COMPLETE")}`,
      `[${CBS}]`,
      `"ExecuteState"=${dword(state.executeState ?? -1)}`,
      ...(state.isRestartPending === true ? [`[${CBS}\\RebootPending]`] : []),
      ...(state.isRestarting === true ? [`[${CBS}\\RebootInProgress]`] : []),
      ...(state.packageState === undefined
        ? []
        : [`[${packageKey}]`, `"CurrentState"=${dword(state.packageState)}`]),
      ...(state.isSafeMode === true ? [`[${SAFE_BOOT}]`, '"OptionValue"=dword:1'] : []),
    ];
  }

  #arrange({ codes = {} }: GuestState): void {
    for (const name of [...STAND_INS.map((standIn) => `${standIn}.txt`), "release", "log.txt"]) {
      rmSync(join(this.#standIns, name), { force: true });
    }
    for (const [name, list] of Object.entries(codes)) {
      writeFileSync(join(this.#standIns, `${name}.txt`), `${list.join("\n")}\n`);
    }
  }

  /** Lets a stand-in go on that hangs. */
  release(): void {
    writeFileSync(join(this.#standIns, "release"), "");
  }

  #import(lines: readonly string[]): void {
    const file = join(this.#standIns, "state.reg");
    writeFileSync(
      file,
      ["REGEDIT4", "", ...lines.flatMap((line) => (line.startsWith("[") ? ["", line] : [line])), ""].join(
        "\r\n",
      ),
    );
    this.#wine({}, "reg.exe", "import", "C:\\standins\\state.reg");
  }

  #wine(variables: Readonly<Record<string, string>>, ...command: readonly string[]): string {
    return this.#run("wine", ...command, variables);
  }

  #run(program: string, ...rest: readonly (string | Readonly<Record<string, string>>)[]): string {
    const variables = rest.filter((part) => typeof part === "object");
    return execFileSync(
      program,
      rest.filter((part) => typeof part === "string"),
      {
        encoding: "latin1",
        stdio: ["ignore", "pipe", "ignore"],
        env: {
          ...process.env,
          WINEPREFIX: this.#prefix,
          WINEARCH: "win64",
          WINEDEBUG: "-all",
          WINEDLLOVERRIDES: `mscoree,mshtml,winemenubuilder.exe=;${STAND_INS.map((name) => `${name}.exe`).join()}=n`,
          DISPLAY: "",
          ...Object.assign({}, ...variables),
        },
      },
    );
  }

  #requireJob(): StagingJob {
    if (this.#job === undefined) throw new Error("nothing is staged");
    return this.#job;
  }
}

/** What a trigger runs; undefined for setup mode, whose command is in the registry. */
function triggerCommand({ trigger, systemRoot }: StagingJob): string | undefined {
  if (trigger === "setup-mode") return undefined;
  if (trigger !== "group-policy") return runOnceCommand(systemRoot);
  const { commandLine, parameters } = groupPolicyCommand(systemRoot);
  return `${commandLine} ${parameters}`;
}

const quote = (text: string) => `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
