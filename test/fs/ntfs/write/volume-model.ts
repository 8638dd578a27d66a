import { expect } from "vitest";
import { type Code, VmguestError } from "../../../../src/errors.ts";
import { openNtfs } from "../../../../src/fs/index.ts";
import type { CreateOptions, MadeFile, NtfsWriter } from "../../../../src/fs/ntfs/write/index.ts";
import { type ByteSource, readBytes } from "../../../../src/io/index.ts";
import type { Dice } from "./dice.ts";
import { noise } from "./volumes.ts";

interface ModelFile {
  readonly made: MadeFile;
  bytes: Uint8Array;
}

interface ModelDirectory {
  readonly made: MadeFile;
  readonly files: Map<string, ModelFile>;
}

/** How often which operation comes, in percent; what is left of a hundred creates files. */
export interface Shares {
  readonly createDirectory: number;
  readonly deleteDirectory: number;
  readonly deleteFile: number;
  readonly extend: number;
  readonly overwrite: number;
  readonly replace: number;
}

export const EVERYTHING: Shares = {
  createDirectory: 4,
  deleteDirectory: 2,
  deleteFile: 25,
  extend: 10,
  overwrite: 10,
  replace: 5,
};

export interface ModelOptions {
  readonly dice: Dice;
  readonly create: CreateOptions;
  readonly shares?: Shares;
  /** From so many files on, one goes for each that would come. */
  readonly filesMax?: number;
  /** Names that directories have. */
  readonly directoriesMax?: number;
  /** Bounds of the sizes of files, one of which is thrown each time. */
  readonly sizes?: readonly number[];
}

/** Refusals that a volume may come to; they must change nothing. */
const REFUSALS: readonly Code[] = ["NTFS_WRITE_NO_SPACE", "NTFS_WRITE_RECORD_FULL", "NTFS_WRITE_MFT_FULL"];

const ENDINGS = [".txt", ".CAB", "", ".a long ending", " ünïcode 文件"];

/** What should be on a volume to which random operations are done: files by directory and name. */
export class VolumeModel {
  readonly #dice: Dice;
  readonly #create: CreateOptions;
  readonly #shares: Shares;
  readonly #filesMax: number;
  readonly #directoriesMax: number;
  readonly #sizes: readonly number[];
  readonly #directories = new Map<string, ModelDirectory>();
  #fileCount = 0;

  constructor({ dice, create, shares = EVERYTHING, filesMax = 5000, ...options }: ModelOptions) {
    this.#dice = dice;
    this.#create = create;
    this.#shares = shares;
    this.#filesMax = filesMax;
    this.#directoriesMax = options.directoriesMax ?? 1000;
    this.#sizes = options.sizes ?? [10, 600, 5000, 60_000];
  }

  /** Directories, and files with their contents, by path. */
  get paths(): Map<string, Uint8Array | undefined> {
    const paths = new Map<string, Uint8Array | undefined>();
    for (const [directory, { files }] of this.#directories) {
      paths.set(directory, undefined);
      for (const [name, { bytes }] of files) paths.set(`${directory}/${name}`, bytes);
    }
    return paths;
  }

  /** Does one operation to the volume and to the model; to neither where the volume has no room for it. */
  operate(writer: NtfsWriter): void {
    try {
      this.#operate(writer);
    } catch (error) {
      if (!(error instanceof VmguestError) || !REFUSALS.includes(error.code)) throw error;
    }
  }

  /** That a volume lists exactly this, in its order, with these contents. */
  expectOn(source: ByteSource): void {
    const volume = openNtfs(source);
    for (const [directory, { files }] of this.#directories) {
      const nodes = [...volume.require(directory).list()];
      expect(nodes.map(({ name }) => name).toSorted()).toEqual([...files.keys()].toSorted());
      for (const node of nodes) {
        const content = node.open().open();
        const isSame = Buffer.from(readBytes(content, 0, content.sizeBytes)).equals(
          files.get(node.name)?.bytes ?? new Uint8Array(),
        );
        if (!isSame) expect.unreachable(`${directory}/${node.name} has another content`);
      }
    }
  }

  #operate(writer: NtfsWriter): void {
    const dice = this.#dice;
    const shares = this.#shares;
    const name = dice.of([...this.#directories.keys()]);
    const directory = name === undefined ? undefined : this.#directories.get(name);
    let throwOf100 = dice.next(100);
    const isIn = (share: number) => {
      throwOf100 -= share;
      return throwOf100 < 0;
    };
    if (isIn(shares.createDirectory) || name === undefined || directory === undefined) {
      this.#createDirectory(writer);
      return;
    }
    if (isIn(shares.deleteDirectory)) {
      this.#deleteDirectory(writer, name, directory);
      return;
    }
    const fileName = dice.of([...directory.files.keys()]);
    const file = fileName === undefined ? undefined : directory.files.get(fileName);
    if (fileName === undefined || file === undefined) {
      this.#createFile(writer, name, directory);
      return;
    }
    const path = `${name}/${fileName}`;
    if (isIn(shares.deleteFile)) this.#deleteFile(writer, directory, { path, fileName });
    else if (isIn(shares.extend)) this.#extend(writer, path, file);
    else if (isIn(shares.overwrite)) this.#overwrite(writer, path, file);
    else if (isIn(shares.replace)) {
      const bytes = this.#content();
      writer.replaceContent(path, bytes, this.#create);
      file.bytes = bytes;
    } else if (this.#fileCount >= this.#filesMax) {
      this.#deleteFile(writer, directory, { path, fileName });
    } else this.#createFile(writer, name, directory);
  }

  #createDirectory(writer: NtfsWriter): void {
    const name = `d${this.#dice.next(this.#directoriesMax)}`;
    if (this.#directories.has(name)) return;
    this.#directories.set(name, { made: writer.createDirectory(name, this.#create), files: new Map() });
  }

  #deleteDirectory(writer: NtfsWriter, name: string, { made, files }: ModelDirectory): void {
    if (files.size > 0) {
      expect(() => writer.deleteDirectory(name, made, this.#create)).toThrow(VmguestError);
    } else {
      writer.deleteDirectory(name, made, this.#create);
      this.#directories.delete(name);
    }
  }

  #createFile(writer: NtfsWriter, directory: string, { files }: ModelDirectory): void {
    const name = this.#newName();
    const bytes = this.#content();
    if (files.has(name)) return;
    files.set(name, { made: writer.createFile(`${directory}/${name}`, bytes, this.#create), bytes });
    this.#fileCount++;
  }

  #deleteFile(
    writer: NtfsWriter,
    { files }: ModelDirectory,
    { path, fileName }: { readonly path: string; readonly fileName: string },
  ): void {
    writer.deleteFile(path, files.get(fileName)?.made ?? expect.unreachable(), this.#create);
    files.delete(fileName);
    this.#fileCount--;
  }

  #extend(writer: NtfsWriter, path: string, file: ModelFile): void {
    const longer = new Uint8Array(file.bytes.length + this.#size());
    longer.set(file.bytes);
    writer.extend(path, longer.length, this.#create);
    file.bytes = longer;
  }

  #overwrite(writer: NtfsWriter, path: string, file: ModelFile): void {
    const dice = this.#dice;
    const offset = dice.next(file.bytes.length + 1);
    const bytes = noise(dice.next(file.bytes.length - offset + 1), dice.next(1000));
    writer.overwrite(path, offset, bytes, "arming");
    file.bytes = file.bytes.slice();
    file.bytes.set(bytes, offset);
  }

  #newName(): string {
    const dice = this.#dice;
    const stem = `${dice.next(100_000)}`.repeat(1 + dice.next(dice.next(10) === 0 ? 30 : 4));
    return `${stem.slice(0, 200)}x${ENDINGS[dice.next(ENDINGS.length)]}`;
  }

  #size(): number {
    return this.#dice.next(this.#dice.of(this.#sizes) ?? 1);
  }

  #content(): Uint8Array {
    return noise(this.#size(), this.#dice.next(1000));
  }
}
