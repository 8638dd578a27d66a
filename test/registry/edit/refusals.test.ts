import { describe, expect, test } from "vitest";
import type { Code } from "../../../src/errors.ts";
import { type ByteSource, MemorySource } from "../../../src/io/index.ts";
import { EDITED_SIZE_MAX, EditedImage } from "../../../src/registry/edit/edited-image.ts";
import { encodeDword, HiveEditor } from "../../../src/registry/edit/index.ts";
import { BinHeader, HashedEntry, SecurityNode } from "../../../src/registry/layout.ts";
import { baseBlockOf, buildHive, buildOldLog, crashed, link, Surgery, seal } from "../../lab/hive.ts";
import { EDIT_TIME, editHive, faultsOf, linesOf, openBytes, openEditor } from "./edits.ts";

const TREE = { Key: { Value: 1, Sub: { Deep: {} } }, Other: {} };
const refuses = (code: Code) => expect.objectContaining({ name: "VmguestError", code });

describe("an edit that cannot be made is refused, and the others are made", () => {
  const one = encodeDword(1);
  const kinds: readonly { what: string; change: (surgery: Surgery) => void }[] = [
    {
      what: "a symbolic link",
      change: (surgery) => {
        surgery.key("Key").flags |= 0x10;
      },
    },
    {
      what: "a predefined handle",
      change: (surgery) => {
        surgery.key("Key").flags |= 0x40;
      },
    },
    {
      what: "kept in memory only",
      change: (surgery) => {
        surgery.key("Key").flags |= 0x01;
      },
    },
    {
      what: "a layer",
      change: (surgery) => {
        surgery.key("Key").accessBits = 0x0100;
      },
    },
    {
      what: "a layer with a class",
      change: (surgery) => {
        surgery.key("Key").accessBits = 0x8000;
      },
    },
  ];

  test.each([
    { code: "NOT_FOUND", what: "a value of no key", edit: (e) => e.setValue("Missing\\Key", "a", 4, one) },
    { code: "NOT_FOUND", what: "to delete a value of no key", edit: (e) => e.deleteValue("Missing", "a") },
    {
      code: "HIVE_EDIT_NAME",
      what: "a key name of 256 characters",
      edit: (e) => e.createKey("a".repeat(256)),
    },
    { code: "HIVE_EDIT_NAME", what: "a key 513 levels deep", edit: (e) => e.createKey("a\\".repeat(513)) },
    {
      code: "HIVE_EDIT_NAME",
      what: "a value name of 16,384 characters",
      edit: (e) => e.setValue("Key", "a".repeat(16_384), 4, one),
    },
    {
      code: "HIVE_EDIT_VALUE",
      what: "a type that is no number",
      edit: (e) => e.setValue("Key", "a", -1, one),
    },
    {
      code: "HIVE_EDIT_VALUE",
      what: "more than 16 MiB of data",
      edit: (e) => e.setValue("Key", "a", 3, new Uint8Array(16 * 1024 * 1024 + 1)),
    },
    {
      code: "HIVE_EDIT_KEY_NOT_EMPTY",
      what: "to delete a key with subkeys",
      edit: (e) => e.deleteKey("Key"),
    },
    {
      code: "HIVE_EDIT_KEY_KEPT",
      what: "to delete the root",
      edit: (e) => e.deleteKey("", { recursive: true }),
    },
  ] satisfies { code: Code; what: string; edit: (editor: HiveEditor) => void }[])(
    "$code: $what",
    ({ code, edit }) => {
      const bytes = buildHive(TREE);
      const editor = openEditor(bytes);
      expect(() => edit(editor)).toThrow(refuses(code));
      expect(editor.finish().changes).toEqual([]);
      const { bytes: edited } = editHive(bytes, (next) => {
        expect(() => edit(next)).toThrow(refuses(code));
        next.setValue("Other", "a", 4, one);
      });
      expect(linesOf(edited)).toHaveLength(linesOf(bytes).length + 1);
      expect(faultsOf(edited)).toEqual([]);
    },
  );

  test.each(kinds)("HIVE_EDIT_KEY_KIND: in, below or with a key that is $what", ({ change }) => {
    const bytes = buildHive({ Above: {}, ...TREE });
    change(new Surgery(bytes));
    const editor = openEditor(bytes);
    const refused = refuses("HIVE_EDIT_KEY_KIND");
    expect(() => editor.setValue("Key", "a", 4, one)).toThrow(refused);
    expect(() => editor.deleteValue("Key", "a")).toThrow(refused);
    expect(() => editor.createKey("Key\\New")).toThrow(refused);
    expect(() => editor.setValue("Key\\Sub", "a", 4, one)).toThrow(refused);
    expect(() => editor.deleteKey("Key", { recursive: true })).toThrow(refused);
    editor.setValue("Above", "a", 4, one);
    expect(editor.finish().changes).not.toEqual([]);
  });

  test("HIVE_EDIT_KEY_KIND: a value that a layer marks as deleted", () => {
    const bytes = buildHive(TREE);
    new Surgery(bytes).value("Key", "Value").flags |= 2;
    expect(() => openEditor(bytes).setValue("Key", "VALUE", 4, one)).toThrow(refuses("HIVE_EDIT_KEY_KIND"));
  });

  test("HIVE_EDIT_KEY_KIND: a tree with a link in it", () => {
    const bytes = buildHive({ Key: { Sub: { SymbolicLinkValue: link("\\Registry") } } });
    new Surgery(bytes).key("Key\\Sub").flags |= 0x10;
    expect(() => openEditor(bytes).deleteKey("Key", { recursive: true })).toThrow(
      refuses("HIVE_EDIT_KEY_KIND"),
    );
  });

  test("HIVE_EDIT_KEY_KEPT: a key that may not be deleted, and one above it", () => {
    const bytes = buildHive(TREE);
    new Surgery(bytes).key("Key\\Sub").flags |= 0x08;
    expect(() => openEditor(bytes).deleteKey("Key", { recursive: true })).toThrow(
      refuses("HIVE_EDIT_KEY_KEPT"),
    );
    expect(() => openEditor(bytes).deleteKey("Key\\Sub", { recursive: true })).toThrow(
      refuses("HIVE_EDIT_KEY_KEPT"),
    );
  });

  test("an editor is used up by finishing", () => {
    const editor = openEditor(buildHive(TREE));
    editor.finish();
    expect(() => editor.finish()).toThrow(TypeError);
    expect(() => editor.createKey("New")).toThrow(TypeError);
  });
});

/** A hive of any size that is zeros behind its first page. */
function largeHive(binsSize: number): ByteSource {
  const head = buildHive(TREE);
  baseBlockOf(head).binsSize = binsSize;
  seal(head);
  return {
    sizeBytes: 4096 + binsSize,
    read: (offset, length) =>
      offset + length <= head.length
        ? new MemorySource(head).read(offset, length)
        : new DataView(new ArrayBuffer(length)),
  };
}

describe("a hive that is not safe to edit is refused", () => {
  const options = { logs: [], now: EDIT_TIME };

  test.each([
    { what: "no hive at all", bytes: new Uint8Array(8192), code: "REGF_NOT" },
    { what: "version 1.7", bytes: buildHive(TREE, { minor: 7 }), code: "REGF_VERSION" },
    { what: "version 1.2", bytes: buildHive(TREE, { minor: 2 }), code: "HIVE_EDIT_VERSION" },
    { what: "version 1.1", bytes: buildHive(TREE, { minor: 1 }), code: "HIVE_EDIT_VERSION" },
    {
      what: "sequence numbers that differ, and no log",
      bytes: crashed(buildHive(TREE), 8),
      code: "HIVE_EDIT_UNRECOVERED",
    },
  ] satisfies { what: string; bytes: Uint8Array; code: Code }[])("$code: $what", ({ bytes, code }) => {
    expect(() => openEditor(bytes)).toThrow(refuses(code));
  });

  test("HIVE_EDIT_SIZE: more than 512 MiB", () => {
    expect(() => HiveEditor.open(largeHive(EDITED_SIZE_MAX), options)).toThrow(refuses("HIVE_EDIT_SIZE"));
  });

  test("HIVE_EDIT_SIZE: a bin of 64 MiB", () => {
    const { sizeBytes, read } = largeHive(64 * 1024 * 1024);
    const large = (offset: number, length: number) => {
      const view = new DataView(read(offset, length).buffer.slice(offset, offset + length));
      if (offset === 4096) new BinHeader(view).sizeBytes = 64 * 1024 * 1024;
      return view;
    };
    expect(() => new EditedImage({ sizeBytes, read: large })).toThrow(refuses("HIVE_EDIT_SIZE"));
  });

  test("HIVE_EDIT_SIZE: growth beyond 512 MiB", () => {
    const image = new EditedImage(new MemorySource(buildHive(TREE)));
    expect(() => image.appendBin(EDITED_SIZE_MAX)).toThrow(refuses("HIVE_EDIT_SIZE"));
  });

  test("HIVE_EDIT_UNRECOVERED: a base block that was torn", () => {
    const bytes = buildHive(TREE);
    baseBlockOf(bytes).checksum ^= 1;
    expect(() => openEditor(bytes, [buildOldLog(bytes, bytes)])).toThrow(refuses("HIVE_EDIT_UNRECOVERED"));
  });

  test("HIVE_EDIT_UNRECOVERED: a log that is too large to be searched", () => {
    const log = {
      sizeBytes: 2 ** 30,
      read: (_: number, length: number) => new DataView(new ArrayBuffer(length)),
    };
    const hive = new MemorySource(buildHive(TREE));
    expect(() => HiveEditor.open(hive, { logs: [log], now: EDIT_TIME })).toThrow(
      refuses("HIVE_EDIT_UNRECOVERED"),
    );
  });

  const damages: readonly { what: string; code: Code; change: (surgery: Surgery) => void }[] = [
    {
      what: "a free cell in use",
      code: "REGF_REFERENCE",
      change: (s) => {
        s.header(s.cellOf("Other")).size = 88;
      },
    },
    { what: "a list that is not in order", code: "REGF_ORDER", change: swapFirst },
    {
      what: "a wrong hash",
      code: "REGF_HASH",
      change: (s) => {
        firstEntry(s, 0).hint ^= 1;
      },
    },
    {
      what: "a wrong count of subkeys",
      code: "REGF_COUNT",
      change: (s) => {
        s.key("").subkeyCount = 1;
      },
    },
    {
      what: "a descriptor that counts one key too few",
      code: "REGF_SECURITY_COUNT",
      change: (s) => {
        new SecurityNode(s.content(s.key("").security)).referenceCount -= 1;
      },
    },
    {
      what: "a ring that is broken",
      code: "REGF_SECURITY_RING",
      change: (s) => {
        new SecurityNode(s.content(s.key("").security)).previous = 0;
      },
    },
  ];
  function firstEntry(surgery: Surgery, index: number): HashedEntry {
    const { view, at } = surgery.subkeyList("");
    return new HashedEntry(view, at + 4 + index * 8);
  }
  function swapFirst(surgery: Surgery): void {
    const [first, second] = [firstEntry(surgery, 0), firstEntry(surgery, 1)];
    const { key, hint } = first;
    Object.assign(first, { key: second.key, hint: second.hint });
    Object.assign(second, { key, hint });
  }

  test.each(damages)("HIVE_EDIT_DAMAGED: $what", ({ code, change }) => {
    const bytes = buildHive(TREE);
    change(new Surgery(bytes));
    expect(() => openEditor(bytes)).toThrow(refuses("HIVE_EDIT_DAMAGED"));
    expect(() => openEditor(bytes)).toThrow(code);
  });

  test("but not for what is only untidy", () => {
    const bytes = buildHive(TREE);
    const surgery = new Surgery(bytes);
    surgery.key("Key").valueDataMax = 0;
    surgery.key("").flags &= ~4;
    expect(
      faultsOf(bytes)
        .map((fault) => fault.split(":")[0])
        .toSorted(),
    ).toEqual(["REGF_FLAGS", "REGF_NAME_MAX"]);
    const { bytes: edited } = editHive(bytes, (editor) => editor.createKey("New"));
    expect(openBytes(edited).find("New")?.name).toBe("New");
  });
});
