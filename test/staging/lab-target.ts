import type { GuestReport, OpenedImage } from "../../src/audit/index.ts";
import { openWindows, readWindowsFacts } from "../../src/guest/index.ts";
import { copyBytes, MemorySource } from "../../src/io/index.ts";
import { HiveEditor } from "../../src/registry/edit/index.ts";
import type { PlannedChange } from "../../src/staging/plan.ts";
import type { StagingTarget } from "../../src/staging/target.ts";
import type { Volume } from "../../src/volume/index.ts";
import { type FakeContent, FakeFileSystem } from "../lab/fake-file-system.ts";
import { type TreeChange, type WindowsOptions, windowsFiles } from "../lab/windows.ts";

/** What a guest is built of: a Windows, and files of the volume besides or instead. */
export type LabGuest = WindowsOptions & { readonly volume?: Readonly<Record<string, FakeContent>> };

/** The guest of a staging as a table of files; there is no image around it. */
export class LabTarget implements StagingTarget {
  readonly image = {} as OpenedImage;
  readonly volume = {} as Volume;
  readonly windows;
  readonly report;
  readonly #files: Readonly<Record<string, FakeContent>>;

  constructor(files: Readonly<Record<string, FakeContent>>) {
    this.#files = files;
    this.windows = openWindows(new FakeFileSystem(files), "Windows");
    this.report = readWindowsFacts(this.windows) as unknown as GuestReport;
  }

  static of({ volume = {}, ...windows }: LabGuest): LabTarget {
    return new LabTarget({ ...windowsFiles(windows), "Windows/Setup/State/": new Uint8Array(), ...volume });
  }

  /** The guest with planned changes made: files by name, hives by the editor. */
  after(changes: readonly PlannedChange[]): LabTarget {
    const files: Record<string, FakeContent> = { ...this.#files };
    for (const change of changes) {
      switch (change.kind) {
        case "create-directory":
          files[`${change.path}/`] = new Uint8Array();
          break;
        case "create-file":
        case "replace-file":
          files[change.path] = change.content;
          break;
        default: {
          const file = new FakeFileSystem(files).require(change.hive).open();
          const editor = HiveEditor.open(file, { logs: [], now: 1n });
          if (change.kind === "create-key") editor.createKey(change.key);
          else editor.setValue(change.key, change.name, change.type, change.data);
          files[change.hive] = edited(copyBytes(file, 0, file.sizeBytes), editor);
        }
      }
    }
    return new LabTarget(files);
  }

  /** The bytes of a file as Latin-1 text. */
  text(path: string): string {
    const source = this.windows.fs.require(path).open();
    return Buffer.from(copyBytes(source, 0, source.sizeBytes)).toString("latin1");
  }
}

function edited(bytes: Uint8Array, editor: HiveEditor): Uint8Array {
  const { changes, sizeBytes } = editor.finish();
  const hive = new Uint8Array(sizeBytes);
  hive.set(bytes);
  for (const { offset, bytes } of changes) hive.set(bytes, offset);
  return copyBytes(new MemorySource(hive), 0, hive.length);
}

/** Values below `SYSTEM\Setup` and the image state, by the state that they make. */
export const SETUP_STATES = {
  generalized: {
    software: imageState("IMAGE_STATE_GENERALIZE_RESEAL_TO_OOBE"),
    system: {
      Setup: { SetupType: 2, CmdLine: "oobe\\windeploy.exe", SystemSetupInProgress: 1, OOBEInProgress: 1 },
    },
  },
  audit: {
    software: imageState("IMAGE_STATE_GENERALIZE_RESEAL_TO_AUDIT"),
    system: { Setup: { AuditInProgress: 1 } },
  },
  undeployable: { software: imageState("IMAGE_STATE_UNDEPLOYABLE"), system: {} },
} as const satisfies Record<string, { software: TreeChange; system: TreeChange }>;

function imageState(state: string) {
  return { Microsoft: { Windows: { CurrentVersion: { Setup: { State: { ImageState: state } } } } } };
}
