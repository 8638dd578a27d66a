// SPDX-License-Identifier: MIT
import type { FileNode } from "../../fs/index.ts";
import type { FindingLog } from "./finding-log.ts";
import { HiveView, type KeyView } from "./hive-view.ts";
import type { WindowsInstallation } from "./installation.ts";

/** A Windows as its facts are read: by key and by file. Damage in its hives goes to the log. */
export class GuestReader {
  readonly software: HiveView;
  readonly system: HiveView;
  readonly #windows: WindowsInstallation;

  constructor(windows: WindowsInstallation, log: FindingLog) {
    this.software = new HiveView(windows.software, windows.softwarePath, log);
    this.system = new HiveView(windows.system, windows.systemPath, log);
    this.#windows = windows;
  }

  /** A key below the `Control` of the control set that Windows starts with. */
  control(path: string): KeyView {
    return this.inControlSet(`Control\\${path}`);
  }

  service(name: string): KeyView {
    return this.inControlSet(`Services\\${name}`);
  }

  inControlSet(path: string): KeyView {
    return this.system.key(`${this.#windows.controlSet}\\${path}`);
  }

  /** A path below the folder of Windows as a path on its volume. */
  pathOf(path: string): string {
    return `${this.#windows.systemRoot}/${path}`;
  }

  /** The file at a path on the volume, or undefined; throws what the file system throws. */
  findFile(path: string): FileNode | undefined {
    return this.#windows.fs.find(path);
  }
}
